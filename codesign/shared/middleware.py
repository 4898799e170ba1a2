"""Refusals on pages become a page that says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from codesign.shared.errors import Refusal


class RefusalMiddleware:
    """Catch what a service refused and nobody nearer to the person explained."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; refusals arrive at `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Render `refusal.html` with the refusal's own status."""
        if isinstance(error, Refusal):
            return render(request, "refusal.html", {"refusal": error}, status=error.status)
        return None
