"""When two texts are the same: one answer for forms, imports, ties of prompts and releases."""

from __future__ import annotations

import hashlib
import unicodedata


def one_line_ending(text: str) -> str:
    """The text with line ends as programs write them; browsers send CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def text_hash(text: str) -> str:
    """SHA-256, hex; composition of letters and white space make no difference, case does."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode()).hexdigest()


def caseless_hash(text: str) -> str:
    """The same whatever the case: harm does not go away with capitals, nor does a repetition."""
    return text_hash(text.casefold())


def same_text(first: str, second: str) -> bool:
    """Whether nobody who reads both would call them two texts."""
    return text_hash(first) == text_hash(second)
