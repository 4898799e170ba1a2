"""Encrypts texts that almost nobody may read, such as notes about a person in distress.

A row may store `key_id()` beside what it seals, so that a rotation of keys finds what to reseal.

The key comes from `SECRET_KEY` and the study's secret. A backup holds only the latter (decision 9),
so a stolen one reveals none of these texts. `SECRET_KEY_FALLBACKS` still open what an earlier key
sealed.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

Buffer = bytes | memoryview
"""What a binary column gives."""
KEY_ID_BYTES = 6


def seal(text: str, *, secret: Buffer, use: bytes) -> bytes:
    """Return the text encrypted (Fernet). `use` separates the keys of different uses."""
    return _keys(secret, use).encrypt(text.encode())


def key_id() -> str:
    """Return a short name of the key that seals now; it reveals nothing of the key."""
    name = HKDF(hashes.SHA256(), length=KEY_ID_BYTES, salt=None, info=b"key id")
    return name.derive(force_bytes(settings.SECRET_KEY)).hex()


def unseal(sealed: Buffer, *, secret: Buffer, use: bytes) -> str | None:
    """Return the text, or None if no key of this installation opens it."""
    try:
        return _keys(secret, use).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        return None


def _keys(secret: Buffer, use: bytes) -> MultiFernet:
    return MultiFernet(
        [
            _key(key, bytes(secret), use)
            for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )


@lru_cache(maxsize=64)
def _key(key: str | bytes, secret: bytes, use: bytes) -> Fernet:
    """Return the key for a use. It is cached, since a payout batch opens thousands of texts."""
    derived = HKDF(hashes.SHA256(), length=32, salt=secret, info=use).derive(force_bytes(key))
    return Fernet(base64.urlsafe_b64encode(derived))
