"""What belongs to the installation and to no app."""

from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView

from codesign.accounts import throttles
from codesign.config import health
from codesign.shared.access import PUBLIC, declare

_DESCRIBING = Lock()


class SchemaView(SpectacularAPIView):
    """The description of the API, made by one thread at a time.

    The library fills tables of its own while it makes one: two threads at once met half of them.
    """

    permission = PUBLIC

    def _get_schema_response(self, request: Any) -> Any:
        with _DESCRIBING:
            return super()._get_schema_response(request)  # type: ignore[no-untyped-call]


@declare(PUBLIC)
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker and a worker answer, else 503 naming what does not.

    A full disk is named too, and counts: what people write could not be kept.
    """
    missing, full = health.missing(), health.disk_is_full()
    body = {part: "no answer" if part in missing else "ok" for part in health.PARTS}
    body["disk"] = "full" if full else "ok"
    return JsonResponse(body, status=503 if missing or full else 200)


def too_often(request: HttpRequest) -> HttpResponse:
    """429 of sign-in: which limit is reached, and when to try again."""
    pause = throttles.pause_of(request)
    said = {"says": throttles.sentence_of(request)}
    answer = render(request, "429.html", said, status=429)
    answer["Retry-After"] = str(pause.seconds if pause else 60)
    return answer
