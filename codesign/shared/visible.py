"""Whether a text shows anything: the one answer for forms, the API, imports and services.

A signature, a prompt or a rewrite of invisible characters alone looks empty to whoever reads it,
so it counts as empty. `str.strip` knows white space only.
"""

from __future__ import annotations

import unicodedata

UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
"""General categories that show nothing alone: controls, formats, spaces, marks without a base."""
BLANK = frozenset(
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers, which are letters by category
    "\u2065\ufff0\ufff1\ufff2\ufff3\ufff4\ufff5\ufff6\ufff7\ufff8"  # unassigned, default ignorable
    "\u2800"  # braille pattern blank
    "\U0001d159"  # musical symbol null notehead
    "\U00013441\U00013442"  # Egyptian full and half blank
    "\ufffc\ufffd"  # stand where something was lost: an object, or what could not be decoded
)
"""Characters of other categories that show nothing, or nothing that was meant."""
SHOWN_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Signs that stand before Arabic, Syriac and Kaithi numbers or words: formats that are drawn."""
IGNORED_PLANE = range(0xE0000, 0xE1000)
"""Tags, variation selectors and code points reserved for their like: all default ignorable."""


def shows_nothing(text: str) -> bool:
    """Whether nobody could see any of it: it is empty, or every character is invisible.

    An emoji joined by ZWJ, Persian with ZWNJ and a letter with marks hold something that is seen.
    Source: Unicode 16, `DerivedCoreProperties.txt`, Default_Ignorable_Code_Point.
    """
    return not any(map(_shows, text))


def seen(text: str) -> str:
    """The text without white space around it; empty where it shows nothing."""
    return "" if shows_nothing(text) else text.strip()


def _shows(character: str) -> bool:
    if character in BLANK or ord(character) in IGNORED_PLANE:
        return False
    return character in SHOWN_FORMATS or unicodedata.category(character) not in UNSEEN


class _Nothing:
    """What a field of text takes for empty: all that the library does, and what shows nothing."""

    def __contains__(self, value: object) -> bool:
        return shows_nothing(value) if isinstance(value, str) else value in (None, [], (), {})


NOTHING = _Nothing()
