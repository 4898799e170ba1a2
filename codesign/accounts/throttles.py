"""How much one person's programs may ask in a minute; one operation on the cache decides.

Windows are whole minutes, counted by person and not by token: more tokens give no more. Where the
cache is away, everybody goes on: a limit must not be what stops somebody's work.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from codesign.accounts.rules import Rate

log = logging.getLogger(__name__)
WINDOW = 60
"""Seconds."""


def seconds_to_wait(who: str, rate: Rate) -> float | None:
    """Count one request; None while there is room, else the seconds until there is again."""
    minute, into = divmod(time.time(), WINDOW)
    key = f"api:{rate}:{who}:{int(minute)}"
    try:
        counts = caches["requests"]
        try:
            count = counts.incr(key)
        except ValueError:  # the first of this minute
            counts.add(key, 1, timeout=2 * WINDOW)
            count = 1
    except Exception:
        log.warning("the cache is away, nothing is limited")
        return None
    return WINDOW - into if count > settings.API_REQUESTS_A_MINUTE[rate] else None


def address_of(request: Any) -> str:
    """Where a request comes from, as sign-in sees it: behind `TRUSTED_PROXIES` proxies.

    Empty where the server does not say (a Unix socket without a trusted proxy).
    """
    try:
        return str(get_adapter().get_client_ip(getattr(request, "_request", request)))
    except PermissionDenied:
        return ""


def count_stranger(request: Request) -> None:
    """Count a request that nobody is signed in for, by address; Throttled when it is too much."""
    wait = seconds_to_wait(address_of(request), Rate.STRANGER)
    if wait is not None:
        raise Throttled(wait)


class Throttle(BaseThrottle):
    """By person, at the rate that the view names; by address where nobody need sign in."""

    _wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count it and say whether it may go on."""
        user = request.user
        if user and user.is_authenticated:
            rate = getattr(view, "rate", None) or (
                Rate.READING if request.method in ("GET", "HEAD") else Rate.CHANGING
            )
            self._wait = seconds_to_wait(str(user.pk), rate)
        else:
            self._wait = seconds_to_wait(address_of(request), Rate.STRANGER)
        return self._wait is None

    def wait(self) -> float | None:
        """Seconds until the next minute begins."""
        return self._wait
