"""Middleware that every response passes: request log, caching rules, and refusals as pages."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers

from codesign.shared import stashed_forms
from codesign.shared.errors import UNSTORABLE_ERRORS, UNSTORABLE_WORDS, Invalid, Refusal
from codesign.shared.logs import is_unlogged, request_id
from codesign.shared.problems import is_api
from codesign.shared.views import not_allowed

log = logging.getLogger(__name__)

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


class RequestLogMiddleware:
    """Logs one line for each request: method, route, status, milliseconds. Skips `unlogged` views.

    The request id comes from the proxy (`X-Request-ID`) or is generated here. It is returned with
    the response and is part of every log line that the request causes, including its tasks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the request id, then call the view."""
        offered = request.headers.get("X-Request-ID", "")
        own = offered if REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex
        token = request_id.set(own)
        began = time.perf_counter()
        try:
            answer = self.get_response(request)
            answer["X-Request-ID"] = own
            match = request.resolver_match
            if match is not None and is_unlogged(match.func):
                answer["Referrer-Policy"] = "strict-origin"  # proxies log where people came from
            elif match is not None:
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

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Forget the request id where the request is unlogged, so that no other line has it."""
        if is_unlogged(view):
            request_id.set("")


class CompressPagesMiddleware(GZipMiddleware):
    """Compresses HTML, which is most of what an old phone waits for.

    Other responses stay as they are: files of releases are read in ranges, and answers of the API
    are short. Django adds random bytes, so that the size of a page does not reveal its token.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress a page if the browser can read it."""
        if response.headers.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)
        return response


class NoStoreMiddleware:
    """Tells browsers and proxies not to store responses to signed-in people and to programs.

    On a shared computer, the next person must not see pages by going back. A session cookie in the
    request or the response counts as signed in: asking the database would cost every page a query.
    Static files are served before this middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add `no-store` to the response."""
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
    """Refuses a request whose query string or cookies contain text that PostgreSQL cannot store.

    No browser sends NUL or lone surrogates, and a lookup with them would fail with a server error.
    Checked once, before sessions are read. `RefusalMiddleware` covers the path, and form and JSON
    values that their fields do not reject.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call the view, or raise BadRequest (400)."""
        texts = [*request.COOKIES.values()]
        if request.META.get("QUERY_STRING"):
            for name, values in request.GET.lists():
                texts += [name, *values]
        if any(UNSTORABLE.search(text) for text in texts):
            raise BadRequest("The query string or a cookie contains NUL or a lone surrogate.")
        return self.get_response(request)


def _is_browser(request: HttpRequest) -> bool:
    return not is_api(request) and "text/html" in request.headers.get("Accept", "")


class KeepingMiddleware:
    """Stores in the browser which forms belong to which account (see `stashed_forms`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call the view, then update the cookie."""
        answer = self.get_response(request)
        stashed_forms.tell_browser(request, answer)
        return answer


class RefusalMiddleware:
    """Renders refusals of services and the database that no view has handled.

    Also renders a page for a method that an address does not allow, because the browser's own error
    page would not help.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Call the view. Refusals arrive at `process_exception`."""
        if UNSTORABLE.search(request.path_info):
            raise Http404
        answer = self.get_response(request)
        if isinstance(answer, HttpResponseNotAllowed) and _is_browser(request):
            return not_allowed(request, answer)
        return answer

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Render `refusal.html` with the status of the refusal.

        If allauth asks an anonymous visitor to reauthenticate, it would store everything that they
        sent in a session. Redirect them to sign in instead.
        """
        if isinstance(error, ReauthenticationRequired) and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if isinstance(error, UNSTORABLE_ERRORS):
            log.warning("refused what no column can hold", exc_info=error)
            error = Invalid(str(UNSTORABLE_WORDS))
        if isinstance(error, Refusal):
            return render(request, "refusal.html", {"refusal": error}, status=error.status)
        return None
