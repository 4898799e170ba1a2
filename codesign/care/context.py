"""Template context for the frame of every page: where the quick exit leads."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def quick_exit(request: HttpRequest) -> dict[str, str]:
    """Return `quick_exit`, the address of a neutral page (standards 4.13)."""
    return {"quick_exit": settings.QUICK_EXIT_URL}
