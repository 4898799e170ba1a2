"""URLs that fail, one for each kind of error page."""

import errno

from allauth.core.ratelimit import respond_429
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.http import require_safe

from codesign.config.urls import urlpatterns as real
from codesign.shared.errors import Conflict, Invalid


def bad(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def too_long(request: HttpRequest) -> HttpResponse:
    raise RequestDataTooBig


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault made for a test")


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError


def full(request: HttpRequest) -> HttpResponse:
    raise OSError(errno.ENOSPC, "a full disk made for a test")


def too_often(request: HttpRequest) -> HttpResponse:
    answer: HttpResponse = respond_429(request)
    return answer


@require_safe
def only_read(request: HttpRequest) -> HttpResponse:
    """A page whose form sends to it, though it takes nothing."""
    token = get_token(request)
    return HttpResponse(
        '<link rel="icon" href="data:,"><form method="post">'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        "<button>Send</button></form>"
    )


def refused(request: HttpRequest) -> HttpResponse:
    raise Conflict("Somebody else has answered this one meanwhile.")


def invalid(request: HttpRequest) -> HttpResponse:
    raise Invalid("That cannot be taken as it is.", {"Title": ["Please fill this in."]})


handler400 = "codesign.shared.views.bad_request"
handler429 = "codesign.config.views.too_often"
handler500 = "codesign.shared.views.server_error"
urlpatterns = [
    *real,
    path("bad/", bad),
    path("too-long/", too_long),
    path("forbidden/", forbidden),
    path("broken/", broken),
    path("away/", away),
    path("full/", full),
    path("too-often/", too_often),
    path("only-read/", only_read),
    path("refused/", refused),
    path("invalid/", invalid),
]
