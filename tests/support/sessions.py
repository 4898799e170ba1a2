"""Sessions of test clients: signed in recently, signed in long ago, or ended."""

from __future__ import annotations

import time

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from codesign.shared.stashed_forms import CSRF


def session_ends() -> None:
    """End every session on the server; browsers keep their cookies."""
    Session.objects.all().delete()


def made_here(client: Client) -> dict[str, str]:
    """Return the hidden CSRF field of the form on the last page."""
    return {CSRF: client.cookies["csrftoken"].value}


def shown_lately(client: Client, *, seconds_ago: float = 0) -> Client:
    """Store that the person signed in `seconds_ago`."""
    session = client.session
    proof = {"method": "password", "at": time.time() - seconds_ago}
    session["account_authentication_methods"] = [proof]
    session["account_authentication_methods_user"] = session[SESSION_KEY]
    session.save()
    return client


def clear_limits() -> None:
    """Clear the limits on the time between two e-mails to one address."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_signinmemory")
