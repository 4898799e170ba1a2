"""How much one person's programs may ask in a minute; which limit of sign-in holds somebody up.

For programs one operation on the cache decides. Windows are whole minutes, counted by person and
not by token: more tokens give no more. Where the cache is away, everybody goes on: a limit must not
be what stops somebody's work.
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


@dataclass(frozen=True)
class Pause:
    """A limit of sign-in that is reached: whose it is ("ip", "key", "user"), and for how long."""

    action: str
    per: str
    seconds: int

    @property
    def words(self) -> str:
        """What happened, and when to try again."""
        what = _MANY_HERE if self.per == "ip" else _REACHED.get(self.action, _OFTEN)
        return f"{what} {_try_again_in(self.seconds)}"


_MANY_HERE = _(
    "Very many people at your internet address are signing in at the moment. Your account is fine."
)
_OFTEN = _("There were too many tries in a short time.")
_REACHED: Mapping[str, Any] = {
    "login_failed": _(
        "A wrong password or code was typed for this account five times, so it takes none for now."
    ),
    "request_login_code": _(
        "We have sent three codes to this address within a minute. Use the newest one, and look in "
        "the spam folder too."
    ),
    "reset_password": _("We have sent several mails to this address within a minute."),
    "confirm_email": _("We sent a mail to this address a moment ago."),
}


def _try_again_in(seconds: int) -> str:
    if seconds < 100:
        said = ngettext("Try again in %(n)d second.", "Try again in %(n)d seconds.", seconds)
        return said % {"n": seconds}
    minutes = math.ceil(seconds / 60)
    said = ngettext("Try again in %(n)d minute.", "Try again in %(n)d minutes.", minutes)
    return said % {"n": minutes}


def pause_of(request: Any) -> Pause | None:
    """The limit that holds this request up the longest; None where none is reached."""
    reached = [found for found in _reached(request) if found]
    return max(reached, key=lambda pause: pause.seconds, default=None)


def sentence_of(request: Any) -> str:
    """What to tell somebody who is held up by a limit of sign-in."""
    pause = pause_of(request)
    return pause.words if pause else f"{_OFTEN} {gettext('Try again in a minute.')}"


def _reached(request: Any) -> Iterator[Pause | None]:
    """Look at each limit that this request may have met, as django-allauth counted it."""
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
"""By the name of an address: the limits that a request to it may meet."""


def _limits_of(request: Any) -> Iterator[tuple[str, str, list[str]]]:
    """(app, action, keys that it may be counted under)."""
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
