"""Pages that belong to no app."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.views import defaults

from codesign.shared.problems import is_api, problem_outside

COME_BACK_AFTER = "20"
"""Seconds; a server that was restarted answers by then."""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open for too long: nothing is lost, the way on is to load it again."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 outside any view: a page, or a problem document for programs."""
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
    """500, likewise; 503 where the database is away or has no room, which passes."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        answer = _away(request)
        answer["Retry-After"] = COME_BACK_AFTER
        return answer
    if is_api(request):
        return problem_outside(500, "error", "Something went wrong on our side.")
    return defaults.server_error(request)


def _away(request: HttpRequest) -> HttpResponse:
    """What was sent comes back as a form, to be sent again: nobody writes anything twice."""
    if is_api(request):
        return problem_outside(
            503, "away", "Codesign cannot reach its records right now. Send the same again soon."
        )
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if "password" not in name
    ]
    words = {"sent": sent, "address": request.get_full_path()}
    return HttpResponse(get_template("503.html").render(words), status=503)
