"""Middleware that answers health checks before any other middleware."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from codesign.config.views import healthz


class HealthMiddleware:
    """Answers `/healthz` for clients on the machine or its container network.

    They use neither the public host name nor TLS, so the checks for these would refuse them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `/healthz`, pass on all other requests."""
        if request.path_info == "/healthz":
            return healthz(request)
        return self.get_response(request)
