"""Middleware that answers health checks first, and that sets the language of a page."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from codesign.accounts.queries import chosen_language
from codesign.config.views import healthz
from codesign.shared.problems import is_api


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


class LanguageMiddleware:
    """Answers a page in the language of the account, or of the browser's cookie or settings.

    The API answers in English. The language ends with the response, so that a thread that serves
    the next request starts without one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the language, which views read as `get_language()`, then call the view."""
        api = is_api(request)
        language = settings.LANGUAGE_CODE if api else _language_of(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            answer = self.get_response(request)
        if not api:
            patch_vary_headers(answer, ("Accept-Language", "Cookie"))
        answer.headers.setdefault("Content-Language", language)
        return answer


def _language_of(request: HttpRequest) -> str:
    """Return the language of a page. Without a database, a page for an account fails here, once."""
    return chosen_language(request.user) or translation.get_language_from_request(request)
