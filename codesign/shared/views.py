"""Error pages, and the page that returns a kept form."""

import contextlib
import sys

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.shared import disk_space, stashed_forms
from codesign.shared.access import SIGNED_IN
from codesign.shared.errors import DATABASE_AWAY, TooLarge
from codesign.shared.pages import plain_page
from codesign.shared.problems import TOO_LONG, is_api, problem_outside

AWAY = _("Codesign cannot reach its database right now. Please send this again in a moment.")
NO_ROOM = _(
    "The server's disk is full, so this was not saved. Nothing that was saved before is lost. "
    "Please send this again later."
)
IS_A_BUTTON = _("That page can only be reached with a button, so nothing was changed.")
COME_BACK_AFTER = "20"
"""Seconds. A restarted server answers again within this time."""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form with an outdated CSRF token: open too long, or older than a new sign-in.

    The form is shown again with the person's own input and a fresh token, for them to send. This
    happens only if the form was rendered for the same account, so that nobody sees what another
    person wrote in the same browser, and only if the browser says that the request came from our
    own page, so that no other site can have a form completed by one careless click. Forms with
    files or passwords are not shown again.
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
    """Show the form that a person sent after their session ended, for them to send again."""
    if (kept := stashed_forms.held(request, stashed_forms.FORM)) is None:
        return redirect("/")
    address, sent = kept
    return render(request, "403_csrf.html", {"sent": sent, "address": address})


def not_allowed(request: HttpRequest, answer: HttpResponseNotAllowed) -> HttpResponse:
    """Answer a browser request whose method is not allowed, such as opening a button's address.

    A GET is redirected to the nearest page above, which has the form. Other methods get a 405 page.
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
    """Return the nearest existing address above `path`."""
    while path != "/":
        path = path.rstrip("/").rpartition("/")[0] + "/"
        with contextlib.suppress(Resolver404):
            resolve(path)
            return path
    return path


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle 400 outside of views: a page, or a problem document for the API."""
    if isinstance(exception, RequestDataTooBig):
        if is_api(request):
            return problem_outside(413, TooLarge.code, str(TOO_LONG))
        return render(request, "413.html", status=413)
    if is_api(request):
        return problem_outside(400, "invalid", gettext("This request could not be read."))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle 403 outside of views."""
    if is_api(request):
        return problem_outside(403, "not_permitted", gettext("You are not allowed to do this."))
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle 404 outside of views."""
    if is_api(request):
        return problem_outside(404, "not_found", gettext("Nothing was found at this address."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Handle 500; answer 503 if the database is unreachable or the disk is full, as both pass."""
    error = sys.exc_info()[1]
    lacking = disk_space.was_lacking(error)
    if lacking or isinstance(error, DATABASE_AWAY):
        answer = _away(request, full=lacking or disk_space.is_full(settings.CODESIGN_HOME))
        answer["Retry-After"] = COME_BACK_AFTER
        return answer
    if is_api(request):
        return problem_outside(500, "error", gettext("Something went wrong on our side."))
    return defaults.server_error(request)


def _away(request: HttpRequest, *, full: bool) -> HttpResponse:
    """Answer 503 with the sent form, so that nobody has to write anything twice."""
    if is_api(request):
        if full:
            return problem_outside(503, "no_room", str(NO_ROOM))
        return problem_outside(503, "away", str(AWAY))
    sent, file = _sent_again(request)
    words = {"sent": sent, "file": file, "full": full, "address": request.get_full_path()}
    with translation.override(translation.get_language_from_request(request)):
        return HttpResponse(get_template("503.html").render(words), status=503)


def _sent_again(request: HttpRequest) -> tuple[list[tuple[str, str]], bool]:
    """Return the fields of the form, and whether it had a file, which cannot be sent back.

    Returns no fields if there was a file, or if the form could not be read because the disk is
    full.
    """
    try:
        file = bool(request.FILES) or getattr(request, "files_left_out", False)
        return ([], True) if file else (_sent(request), False)
    except Exception:
        return [], request.content_type == "multipart/form-data"


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of the form, without passwords, which are never shown on a page."""
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        for value in values
        if "password" not in name
    ]
