"""Makes different spellings of a character one, so that texts can be compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

MOST_KEPT = 0x3000
"""Mappings of characters below this are kept; it includes the letters of all languages here."""
APOSTROPHES = "'\u2019\u2018\u02bc`\u2032"
"""Characters that are typed as apostrophes."""


class Folding(dict[int, str | None]):
    """The normal form of each character, for `str.translate`, computed at its first use.

    Marks, invisible characters and apostrophes have none. Digits of all scripts become ASCII.
    `own` are the rules of the caller, which come first.
    """

    def __init__(self, own: Mapping[str, str | None]) -> None:
        """Start with the caller's rules."""
        super().__init__({ord(character): normal for character, normal in own.items()})

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        folded: str | None = character
        if (digit := unicodedata.decimal(character, None)) is not None:
            folded = str(digit)
        elif character in APOSTROPHES or unicodedata.category(character) in ("Mn", "Me", "Cf"):
            folded = None
        if code < MOST_KEPT:
            self[code] = folded
        return folded
