"""Keeps a form that was sent after the session ended, until its sender has signed in again.

The form is returned only to the account that was signed in when the form was rendered, never to
another account in the same browser. A signed cookie records which account each CSRF secret of this
browser belongs to (Django creates a new secret at every sign-in), so the token in a form identifies
its account. The fields are cached under that account, once per `key`, for an hour. Nothing is
stored for a browser in which nobody has signed in. Signing out deliberately deletes both.
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
"""Maps fingerprints of CSRF secrets to fingerprints of the accounts signed in with them."""
MOST_SIGN_INS = 8
"""Number of sign-ins that a browser remembers."""
REMEMBERED_SECONDS = 2 * settings.SESSION_COOKIE_AGE
"""Longer than a session, because a form may be sent after its session has ended."""
FORM = "kept_form"
SECRET = ("password", "payout-")
"""Parts of the names of fields that are never stored: passwords, and details of bank accounts."""
MOST_BYTES = 1_000_000
"""Largest form that is kept: as large as a draft, and larger than any other form."""
KEPT_SECONDS = 3600
IS_KEPT = _("You have been signed out. What you filled in is kept.")
NOT_KEPT = _(
    "You have been signed out. What you sent could not be saved. Your browser's “back” button may "
    "still show it."
)


def hold(request: HttpRequest, key: str, about: str) -> bool:
    """Keep the fields of a form under `key`, with what they are about. Return whether it was kept.

    A form with files or secrets, or longer than `MOST_BYTES`, is not kept.
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
    """Return what is kept under `key` for this account, as (what it is about, fields), or None.

    A browser without the cookie has nothing kept, and costs no query.
    """
    if key not in request.COOKIES or not request.user.is_authenticated:
        return None
    name = _name(_fingerprint(str(request.user.pk)), key)
    kept: dict[str, Any] | None = caches["default"].get(name)
    if kept is None or kept["until"] < time.time():
        return None
    return kept["about"], [(name, value) for name, value in kept["fields"]]


def drop(request: HttpRequest, key: str) -> None:
    """Delete what is kept under `key` for this account."""
    if key in request.COOKIES and request.user.is_authenticated:
        caches["default"].delete_many([_name(_fingerprint(str(request.user.pk)), key)])


def comes_whole(request: HttpRequest) -> bool:
    """Return whether a form can be shown again as it was sent: without files and secrets."""
    left_out = getattr(request, "files_left_out", False)
    secret = any(word in name for name in request.POST for word in SECRET)
    return not (left_out or request.FILES or secret)


def made_by(request: HttpRequest) -> str | None:
    """Return the fingerprint of the account for which the sent form was rendered, or None."""
    return _known(request).get(_of_token(request.POST.get(CSRF, "")))


def is_own(request: HttpRequest) -> bool:
    """Return whether the sent form was rendered for the account that sends it."""
    return made_by(request) == _fingerprint(str(request.user.pk))


def was_here(request: HttpRequest) -> bool:
    """Return whether anybody was signed in with this browser recently."""
    return bool(_known(request))


def signed_out(request: HttpRequest) -> None:
    """Delete the kept forms of a person who signs out, and forget which forms are theirs."""
    own = request.signed_out = _fingerprint(str(request.user.pk))  # type: ignore[attr-defined]
    kept = [_name(own, key) for key in request.COOKIES if key.startswith("kept_")]
    caches["default"].delete_many(kept)


def tell_browser(request: HttpRequest, answer: HttpResponse) -> None:
    """Store in the browser which account its forms belong to, and whether a form was kept."""
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


@lru_cache(maxsize=1024)  # every page needs this
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
    """Return the fingerprint of the secret in a form's token, which is masked anew on each page."""
    if len(token) == csrf.CSRF_TOKEN_LENGTH and token.isalnum() and token.isascii():
        token = csrf._unmask_cipher_token(token)  # type: ignore[attr-defined]
    return _fingerprint(token)
