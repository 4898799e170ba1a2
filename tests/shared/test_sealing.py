"""Texts that almost nobody may read are stored encrypted."""

from __future__ import annotations

from typing import Any

import pytest

from codesign.shared.sealing import seal, unseal

SECRET = b"a secret of a study, 32 bytes lng"
TEXT = "Call me after six. ☂"


def test_a_sealed_text_is_read_again_and_cannot_be_seen() -> None:
    sealed = seal(TEXT, secret=SECRET, use=b"notes")
    assert unseal(sealed, secret=SECRET, use=b"notes") == TEXT
    assert b"six" not in sealed
    assert seal(TEXT, secret=SECRET, use=b"notes") != sealed  # the same text is not recognised


@pytest.mark.parametrize(
    ("secret", "use"), [(b"a secret of another study, 32 byt", b"notes"), (SECRET, b"numbers")]
)
def test_another_study_or_use_has_another_key(secret: bytes, use: bytes) -> None:
    assert unseal(seal(TEXT, secret=SECRET, use=b"notes"), secret=secret, use=use) is None


def test_a_text_survives_a_new_secret_key_only_with_the_old_one_beside_it(settings: Any) -> None:
    old = settings.SECRET_KEY
    sealed = seal(TEXT, secret=SECRET, use=b"notes")
    settings.SECRET_KEY = "another key of this installation, long enough"
    assert unseal(sealed, secret=SECRET, use=b"notes") is None
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(sealed, secret=SECRET, use=b"notes") == TEXT


def test_a_text_that_was_changed_is_not_read() -> None:
    sealed = bytearray(seal(TEXT, secret=SECRET, use=b"notes"))
    sealed[20] ^= 1
    assert unseal(bytes(sealed), secret=SECRET, use=b"notes") is None
