"""A session that ends by itself, at a browser that stays as it was."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.test import Client

from codesign.shared.keeping import CSRF


def session_ends() -> None:
    """Every session is over; no browser knows."""
    Session.objects.all().delete()


def made_here(client: Client) -> dict[str, str]:
    """The hidden field of a form that the last page at this browser had."""
    return {CSRF: client.cookies["csrftoken"].value}
