"""What every answer has in common: nothing is kept on the way, and refusals are in words."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers

from codesign.shared import stashed_forms
from codesign.shared.errors import UNSTORABLE_ERRORS, UNSTORABLE_WORDS, Invalid, Refusal
from codesign.shared.logs import request_id
from codesign.shared.problems import is_api
from codesign.shared.views import not_allowed

log = logging.getLogger(__name__)

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


class RequestLogMiddleware:
    """One line for each request: method, the address's pattern, status, milliseconds.

    Its id comes from the proxy (`X-Request-ID`) or is made here, goes back with the answer, and
    stands in every line that the request causes, those of its tasks too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer under an id."""
        offered = request.headers.get("X-Request-ID", "")
        own = offered if REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex
        token = request_id.set(own)
        began = time.perf_counter()
        try:
            answer = self.get_response(request)
            answer["X-Request-ID"] = own
            match = request.resolver_match
            if match is not None:
                fields = {
                    "method": request.method,
                    "route": match.route,
                    "status": answer.status_code,
                    "ms": round(1000 * (time.perf_counter() - began)),
                }
                log.info("answered", extra={"fields": fields})
            return answer
        finally:
            request_id.reset(token)


class NoStoreMiddleware:
    """What a signed-in person or a program is answered is stored by no browser and no proxy.

    A shared computer keeps nothing that the next person finds by going back. Whoever sends or
    gets a session cookie counts as signed in: asking the database would cost every page a query.
    Static files are answered before this.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and say that the answer is not to be stored."""
        answer = self.get_response(request)
        cookie = settings.SESSION_COOKIE_NAME
        if is_api(request):
            patch_vary_headers(answer, ("Cookie", "Authorization"))
            patch_cache_control(answer, no_store=True, private=True)
        elif cookie in request.COOKIES or cookie in answer.cookies:
            patch_vary_headers(answer, ("Cookie",))
            patch_cache_control(answer, no_store=True, private=True)
        return answer


class ReadableMiddleware:
    """Refuse a request whose query or cookies hold what no text of the database can hold.

    NUL and lone surrogates come from no browser, and would be an error of ours wherever a view
    looks something up. Checked once, before sessions are read. `RefusalMiddleware` answers for the
    path, and for what forms and JSON hold and their fields do not refuse.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on, or answer 400."""
        texts = [*request.COOKIES.values()]
        if request.META.get("QUERY_STRING"):
            for name, values in request.GET.lists():
                texts += [name, *values]
        if any(UNSTORABLE.search(text) for text in texts):
            raise BadRequest("a query or a cookie holds NUL or a lone surrogate")
        return self.get_response(request)


def _is_browser(request: HttpRequest) -> bool:
    return not is_api(request) and "text/html" in request.headers.get("Accept", "")


class KeepingMiddleware:
    """Lets a browser remember whose forms it shows, for when a session ends (`stashed_forms`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on, and tell the browser."""
        answer = self.get_response(request)
        stashed_forms.tell_browser(request, answer)
        return answer


class RefusalMiddleware:
    """Catch what a service or the database refused and nobody nearer to the person explained.

    And a method that an address does not take: a browser would show an error page of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; refusals arrive at `process_exception`."""
        if UNSTORABLE.search(request.path_info):
            raise Http404
        answer = self.get_response(request)
        if isinstance(answer, HttpResponseNotAllowed) and _is_browser(request):
            return not_allowed(request, answer)
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Render `refusal.html` with the refusal's own status.

        Where the sign-in library asks a stranger to show again who they are, it would store all
        that they sent in a session: they are asked to sign in.
        """
        if isinstance(error, ReauthenticationRequired) and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if isinstance(error, UNSTORABLE_ERRORS):
            log.warning("refused what no column can hold", exc_info=error)
            error = Invalid(str(UNSTORABLE_WORDS))
        if isinstance(error, Refusal):
            return render(request, "refusal.html", {"refusal": error}, status=error.status)
        return None
