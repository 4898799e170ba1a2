"""Sessions as browsers have them: fresh from the door, or ended without the browser knowing."""

from __future__ import annotations

import time

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from codesign.shared.stashed_forms import CSRF


def session_ends() -> None:
    """Every session is over; no browser knows."""
    Session.objects.all().delete()


def made_here(client: Client) -> dict[str, str]:
    """The hidden field of a form that the last page at this browser had."""
    return {CSRF: client.cookies["csrftoken"].value}


def shown_lately(client: Client, *, seconds_ago: float = 0) -> Client:
    """Whoever is signed in here has shown who they are just now, or that long ago."""
    session = client.session
    proof = {"method": "password", "at": time.time() - seconds_ago}
    session["account_authentication_methods"] = [proof]
    session["account_authentication_methods_user"] = session[SESSION_KEY]
    session.save()
    return client


def clear_limits() -> None:
    """Let time pass for what counts seconds between two mails to one address."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_signinmemory")
