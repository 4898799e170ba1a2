"""What somebody sends whose session has ended waits until they have signed in again.

It stays in the session of the browser that sent it, which sign-in carries over and signing out
empties: it is handed to whoever signs in next, once, and to nobody after them.
"""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

CSRF = "csrfmiddlewaretoken"
FORM = "kept_form"
MOST_BYTES = 1_000_000
"""Kept for somebody who is signed out: as much as a draft may have, and more than other forms."""
KEPT_SECONDS = 3600
IS_KEPT = _("You have been signed out. What you filled in is kept.")
NOT_KEPT = _(
    "You have been signed out. What you sent could not be kept meanwhile; your browser's “back” "
    "may still show it."
)


def hold(request: HttpRequest, key: str, about: str) -> bool:
    """Keep the fields of a form under `key`, with what they are about; whether they are kept.

    What cannot come back whole is not kept: with files or passwords, or longer than `MOST_BYTES`.
    """
    sent = [(n, str(v)) for n, several in request.POST.lists() for v in several if n != CSRF]
    request.session.pop(key, None)
    if request.FILES or any("password" in name for name, value in sent):
        return False
    if sum(len(name.encode()) + len(value.encode()) for name, value in sent) > MOST_BYTES:
        return False
    request.session[key] = {"about": about, "fields": sent, "until": time.time() + KEPT_SECONDS}
    request.session.set_expiry(KEPT_SECONDS)
    return True


def held(request: HttpRequest, key: str) -> tuple[str, list[tuple[str, str]]] | None:
    """What is kept under `key`, and what it is about; None where nothing is, or for too long."""
    kept: dict[str, Any] | None = request.session.get(key)
    if kept is None or kept["until"] < time.time():
        return None
    return kept["about"], [(name, value) for name, value in kept["fields"]]


def drop(request: HttpRequest, key: str) -> None:
    """Forget what is kept under `key`."""
    request.session.pop(key, None)
