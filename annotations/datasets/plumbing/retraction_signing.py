"""Signs each entry of a study's retraction list, so that recipients can check it offline.

The key belongs to the study and is derived from its secret: every process and every restored backup
has it, and no key has to be stored. Its public half is in each release's `manifest.json`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

USE = b"codesign retraction list, Ed25519, 1"
"""Makes this key differ from everything else that is derived from the secret."""


class RetractionSigner:
    """Ed25519 (RFC 8032) over the canonical JSON (RFC 8785) of an entry."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        derived = HKDF(hashes.SHA256(), length=32, salt=None, info=USE).derive(self._secret)
        return Ed25519PrivateKey.from_private_bytes(derived)

    def sign(self, entry: Mapping[str, Any]) -> str:
        """Return the signature of an entry, in base64url without padding."""
        return _base64url(self._key.sign(canonical(entry)))

    def public_key(self) -> dict[str, str]:
        """Return the public key as a JSON Web Key (RFC 8037)."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "x": _base64url(self._key.public_key().public_bytes_raw()),
        }


def canonical(entry: Mapping[str, Any]) -> bytes:
    """RFC 8785 for what an entry holds: text, whole numbers, lists, and names in ASCII."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
