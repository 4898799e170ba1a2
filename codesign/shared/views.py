"""Pages that belong to no app."""

import contextlib
import sys

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.urls import Resolver404, resolve
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.shared import disk_space, stashed_forms
from codesign.shared.access import SIGNED_IN
from codesign.shared.errors import DATABASE_AWAY, TooLarge
from codesign.shared.pages import plain_page
from codesign.shared.problems import TOO_LONG, is_api, problem_outside

AWAY = "Codesign cannot reach its records right now. Send the same again soon."
NO_ROOM = (
    "The server has no room to keep anything new right now. Nothing of this was kept and nothing "
    "that was kept is lost. Send the same again later."
)
IS_A_BUTTON = _("That address only takes what a button sends, so nothing was changed.")
COME_BACK_AFTER = "20"
"""Seconds; a server that was restarted answers by then."""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open for too long, or since before somebody signed in again elsewhere.

    A signed-in person's own form comes back with what they wrote and a fresh token, to be sent by
    them: one that was made for the same account, so that nobody is shown what somebody else wrote
    at the same browser. Only if the browser says that it came from a page of ours: else another
    site could have a stranger's form completed by one careless press. What cannot come back whole
    (files, passwords) does not come back at all.
    """
    own = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    words: dict[str, object] = {}
    if own and stashed_forms.comes_whole(request) and stashed_forms.is_own(request):
        sent = [(name, value) for name, value in _sent(request) if name != "csrfmiddlewaretoken"]
        words = {"sent": sent, "address": request.get_full_path()}
    return render(request, "403_csrf.html", words, status=403)


@plain_page(SIGNED_IN)
@never_cache
@require_safe
def kept_form(request: HttpRequest) -> HttpResponse:
    """What somebody sent whose session had ended, to be sent by them now that they are back."""
    if (kept := stashed_forms.held(request, stashed_forms.FORM)) is None:
        return redirect("/")
    address, sent = kept
    return render(request, "403_csrf.html", {"sent": sent, "address": address})


def not_allowed(request: HttpRequest, answer: HttpResponseNotAllowed) -> HttpResponse:
    """A browser's request that an address does not take, as when it loads what a button posts to.

    Whoever looks is led to the page above, where the form is; whoever sends gets a page with 405.
    """
    above = page_above(request.path_info)
    if request.method in ("GET", "HEAD"):
        messages.info(request, IS_A_BUTTON)
        return redirect(above)
    way = request.path_info if "GET" in answer.headers["Allow"] else above
    page = render(request, "405.html", {"way": way}, status=405)
    page["Allow"] = answer.headers["Allow"]
    return page


def page_above(path: str) -> str:
    """The nearest address above this one that there is."""
    while path != "/":
        path = path.rstrip("/").rpartition("/")[0] + "/"
        with contextlib.suppress(Resolver404):
            resolve(path)
            return path
    return path


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 outside any view: a page, or a problem document for programs."""
    if isinstance(exception, RequestDataTooBig):
        if is_api(request):
            return problem_outside(413, TooLarge.code, TOO_LONG)
        return render(request, "413.html", status=413)
    if is_api(request):
        return problem_outside(400, "invalid", "This request could not be read.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, likewise."""
    if is_api(request):
        return problem_outside(403, "not_permitted", "You may not do this here.")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, likewise."""
    if is_api(request):
        return problem_outside(404, "not_found", "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, likewise; 503 where the database is away or nothing has room, which passes."""
    error = sys.exc_info()[1]
    lacking = disk_space.was_lacking(error)
    if lacking or isinstance(error, DATABASE_AWAY):
        answer = _away(request, full=lacking or disk_space.is_full(settings.CODESIGN_HOME))
        answer["Retry-After"] = COME_BACK_AFTER
        return answer
    if is_api(request):
        return problem_outside(500, "error", "Something went wrong on our side.")
    return defaults.server_error(request)


def _away(request: HttpRequest, *, full: bool) -> HttpResponse:
    """What was sent comes back as a form, to be sent again: nobody writes anything twice."""
    if is_api(request):
        return (
            problem_outside(503, "no_room", NO_ROOM) if full else problem_outside(503, "away", AWAY)
        )
    sent, file = _sent_again(request)
    words = {"sent": sent, "file": file, "full": full, "address": request.get_full_path()}
    return HttpResponse(get_template("503.html").render(words), status=503)


def _sent_again(request: HttpRequest) -> tuple[list[tuple[str, str]], bool]:
    """The fields of a form, and whether a file was with it: it cannot come back, so nothing does.

    Where the form itself could not be read, for lack of room, nothing is known of it.
    """
    try:
        file = bool(request.FILES) or getattr(request, "files_left_out", False)
        return ([], True) if file else (_sent(request), False)
    except Exception:
        return [], request.content_type == "multipart/form-data"


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of a form, but for passwords, which stand on no page."""
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        for value in values
        if "password" not in name
    ]
