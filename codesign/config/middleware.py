"""What is answered before anything else looks at a request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from codesign.config.views import healthz


class HealthMiddleware:
    """`/healthz` for whoever asks on the machine or the network of containers itself.

    They come neither by the public name nor over TLS, so the checks of both would refuse them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the one address, pass on all others."""
        if request.path_info == "/healthz":
            return healthz(request)
        return self.get_response(request)
