"""Rate limits of the API, and the limit that a person has reached when signing in.

An API request costs one cache operation. Windows are whole minutes, counted by person and not by
token, so that more tokens do not raise the limit. If the cache is down, nothing is limited: a limit
must not stop people's work.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.cache import cache, caches
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from codesign.accounts.rules import Rate

log = logging.getLogger(__name__)
WINDOW = 60
"""Seconds."""


def seconds_to_wait(who: str, rate: Rate) -> float | None:
    """Count one request. Return None, or the seconds to wait if the limit is reached."""
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
        log.warning("the cache is down, so requests are not limited")
        return None
    return WINDOW - into if count > settings.API_REQUESTS_A_MINUTE[rate] else None


def address_of(request: Any) -> str:
    """Return the client's IP address as sign-in sees it, behind `TRUSTED_PROXIES` proxies.

    Returns "" if the server does not tell it (a Unix socket without a trusted proxy).
    """
    try:
        return str(get_adapter().get_client_ip(getattr(request, "_request", request)))
    except PermissionDenied:
        return ""


def count_stranger(request: Request) -> None:
    """Count an unauthenticated request by address. Raises Throttled if there are too many."""
    wait = seconds_to_wait(address_of(request), Rate.STRANGER)
    if wait is not None:
        raise Throttled(wait)


class Throttle(BaseThrottle):
    """Limits by person, at the view's rate, or by address for views that need no sign-in."""

    _wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and return whether it is allowed."""
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
        """Return the seconds until the next minute."""
        return self._wait


@dataclass(frozen=True)
class Pause:
    """A reached sign-in limit: what it counts by ("ip", "key", "user"), and how long it lasts."""

    action: str
    per: str
    seconds: int

    @property
    def words(self) -> str:
        """Return what happened and when to try again."""
        reason = _MANY_HERE if self.per == "ip" else _REACHED.get(self.action, _OFTEN)
        return f"{reason} {_try_again_in(self.seconds)}"


_MANY_HERE = _(
    "Many people are signing in from your internet address right now. Your account is fine."
)
_OFTEN = _("Too many attempts.")
_REACHED: Mapping[str, Any] = {
    "login_failed": _(
        "A wrong password or code was entered five times for this account, so it is locked for now."
    ),
    "request_login_code": _(
        "We have sent three codes to this address within a minute. Use the newest one. Check your "
        "spam folder too."
    ),
    "reset_password": _("We have sent several e-mails to this address within a minute."),
    "confirm_email": _("We sent an e-mail to this address a moment ago."),
}


def _try_again_in(seconds: int) -> str:
    if seconds < 100:
        text = ngettext("Try again in %(n)d second.", "Try again in %(n)d seconds.", seconds)
        return text % {"n": seconds}
    minutes = math.ceil(seconds / 60)
    text = ngettext("Try again in %(n)d minute.", "Try again in %(n)d minutes.", minutes)
    return text % {"n": minutes}


def pause_of(request: Any) -> Pause | None:
    """Return the reached limit with the longest wait, or None."""
    reached = [pause for pause in _reached(request) if pause]
    return max(reached, key=lambda pause: pause.seconds, default=None)


def sentence_of(request: Any) -> str:
    """Return what to tell a person who has reached a sign-in limit."""
    pause = pause_of(request)
    return pause.words if pause else " ".join([str(_OFTEN), gettext("Try again in a minute.")])


def _reached(request: Any) -> Iterator[Pause | None]:
    """Yield the state of each limit that applies to this request, as django-allauth counts it."""
    for app, action, keys in _limits_of(request):
        for rate in ratelimit.get_rates(app=app, action=action):
            if rate.per == "user" and not request.user.is_authenticated:
                continue
            for key in keys if rate.per == "key" else [None]:
                name = ratelimit.get_cache_key(request, app=app, action=action, rate=rate, key=key)
                yield _full(action, rate, cache.get(name, []))


def _full(action: str, rate: Any, history: list[float]) -> Pause | None:
    since = time.time() - rate.duration
    counted = [at for at in history if at > since]
    if len(counted) < rate.amount:
        return None
    return Pause(action, rate.per, max(1, math.ceil(counted[rate.amount - 1] - since)))


PAGES: Mapping[str, tuple[str, ...]] = {
    "account_login": ("login", "login_failed", "confirm_email"),
    "account_signup": ("signup", "confirm_email"),
    "account_request_login_code": ("request_login_code",),
    "account_email_verification_sent": ("confirm_email",),
    "account_reset_password": ("reset_password",),
    "account_reset_password_from_key": ("reset_password_from_key",),
    "account_change_password": ("change_password",),
    "account_set_password": ("change_password",),
    "account_email": ("manage_email", "confirm_email"),
    "account_reauthenticate": ("reauthenticate", "login_failed"),
    "mfa_reauthenticate": ("reauthenticate", "login_failed"),
    "mfa_reauthenticate_webauthn": ("reauthenticate", "login_failed"),
    "mfa_authenticate": ("login_failed",),
    "mfa_login_webauthn": ("webauthn_login",),
}
"""URL name → the limits that apply to it."""


def _limits_of(request: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (app, action, keys that the request may be counted under)."""
    named = request.resolver_match.url_name if request.resolver_match else ""
    typed = [request.POST[n].strip().lower() for n in ("email", "login") if n in request.POST]
    if request.user.is_authenticated:
        typed.append(request.user.email.lower())
    stage = getattr(request, "_login_stage", None)
    people = [person for person in (request.user, stage and stage.login.user) if person]
    site = get_current_site(request).domain
    keys = {
        "login_failed": [
            *(f"{site}:{email}" for email in typed),
            *(f"mfa-auth-user-{person.pk}" for person in people if person.pk),
        ]
    }
    for action in PAGES.get(named, ()):
        app = "allauth.mfa" if action == "webauthn_login" else "allauth.account"
        yield app, action, keys.get(action, typed)
