"""What somebody sends whose session has ended waits until they have signed in again.

It goes to the account that was signed in when the form was made, and to no other account at the
same browser. The browser remembers, in a signed cookie, which account each of its CSRF secrets
belongs to (Django makes a new secret at every sign-in), so the token in a form tells whose form it
is. The fields are kept under that account, once for each `key`, for an hour. A request of somebody
who was never signed in at this browser stores nothing. Signing out by choice forgets both.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

CSRF = "csrfmiddlewaretoken"
COOKIE = "codesign_forms"
"""Holds pairs of fingerprints: of a CSRF secret, and of the account that was signed in with it."""
MOST_SIGN_INS = 8
"""Sign-ins that a browser remembers."""
REMEMBERED_SECONDS = 2 * settings.SESSION_COOKIE_AGE
"""Longer than a session: a form is sent after its session has ended."""
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
    owner = made_by(request)
    if owner is None or not comes_whole(request):
        return False
    sent = [(n, str(v)) for n, several in request.POST.lists() for v in several if n != CSRF]
    if sum(len(name.encode()) + len(value.encode()) for name, value in sent) > MOST_BYTES:
        return False
    kept, name = caches["default"], _name(owner, key)
    kept.set(name, {"about": about, "fields": sent, "until": time.time() + KEPT_SECONDS})
    if not kept.touch(name, KEPT_SECONDS):
        return False
    request.kept_now = key  # type: ignore[attr-defined]
    return True


def held(request: HttpRequest, key: str) -> tuple[str, list[tuple[str, str]]] | None:
    """What is kept under `key` for the account that asks, and what it is about; else None.

    A browser at which nothing was kept says so by a missing cookie, and costs no query.
    """
    if key not in request.COOKIES or not request.user.is_authenticated:
        return None
    name = _name(_fingerprint(str(request.user.pk)), key)
    kept: dict[str, Any] | None = caches["default"].get(name)
    if kept is None or kept["until"] < time.time():
        return None
    return kept["about"], [(name, value) for name, value in kept["fields"]]


def drop(request: HttpRequest, key: str) -> None:
    """Forget what is kept under `key` for the account that asks."""
    if key in request.COOKIES and request.user.is_authenticated:
        caches["default"].delete_many([_name(_fingerprint(str(request.user.pk)), key)])


def comes_whole(request: HttpRequest) -> bool:
    """Whether a form could be given back as it was sent: without files and passwords."""
    left_out = getattr(request, "files_left_out", False)
    return not (left_out or request.FILES or any("password" in name for name in request.POST))


def made_by(request: HttpRequest) -> str | None:
    """Fingerprint of the account for which the form was made that is sent; None: nobody known."""
    return _known(request).get(_of_token(request.POST.get(CSRF, "")))


def is_own(request: HttpRequest) -> bool:
    """Whether the form that is sent was made for the very account that sends it."""
    return made_by(request) == _fingerprint(str(request.user.pk))


def was_here(request: HttpRequest) -> bool:
    """Whether somebody has been signed in at this browser lately."""
    return bool(_known(request))


def signed_out(request: HttpRequest) -> None:
    """Somebody signs out by choice: forget what waits for them, and which forms are theirs."""
    own = request.signed_out = _fingerprint(str(request.user.pk))  # type: ignore[attr-defined]
    kept = [_name(own, key) for key in request.COOKIES if key.startswith("kept_")]
    caches["default"].delete_many(kept)


def tell_browser(request: HttpRequest, answer: HttpResponse) -> None:
    """Write down in the browser whose forms this sign-in makes, and that something is kept."""
    if key := getattr(request, "kept_now", ""):
        _set(answer, key, "yes", KEPT_SECONDS)
    before = _known(request)
    known = {
        form: owner
        for form, owner in before.items()
        if owner != getattr(request, "signed_out", None)
    }
    secret = request.META.get("CSRF_COOKIE")
    if secret and request.session.accessed and (owner := request.session.get(SESSION_KEY)):
        known[_fingerprint(secret)] = _fingerprint(owner)
    if known != before:
        newest = dict(list(known.items())[-MOST_SIGN_INS:])
        _set(answer, COOKIE, signing.dumps(newest, salt=COOKIE), REMEMBERED_SECONDS)


def _set(answer: HttpResponse, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> Mapping[str, str]:
    return _read(request.COOKIES.get(COOKIE, ""))


@lru_cache(maxsize=1024)  # every page asks
def _read(cookie: str) -> Mapping[str, str]:
    try:
        return MappingProxyType(signing.loads(cookie, salt=COOKIE))
    except signing.BadSignature:
        return MappingProxyType({})


def _name(owner: str, key: str) -> str:
    return f"{key}:{owner}"


def _fingerprint(value: str) -> str:
    return salted_hmac("codesign.keeping", value).hexdigest()[:32]


def _of_token(token: str) -> str:
    """The fingerprint of the secret in a form's token, which is masked anew on every page."""
    if len(token) == csrf.CSRF_TOKEN_LENGTH and token.isalnum() and token.isascii():
        token = csrf._unmask_cipher_token(token)  # type: ignore[attr-defined]
    return _fingerprint(token)
