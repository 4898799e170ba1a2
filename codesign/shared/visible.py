"""Whether a text shows anything: one answer for forms, the API, imports and services.

A signature, prompt or rewrite that has only invisible characters looks empty to its reader, so it
counts as empty. `str.strip` only knows white space.
"""

from __future__ import annotations

import unicodedata

UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
"""Unicode categories that show nothing alone: controls, formats, spaces, marks without a base."""
BLANK = frozenset(
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers, which are letters by category
    "\u2065\ufff0\ufff1\ufff2\ufff3\ufff4\ufff5\ufff6\ufff7\ufff8"  # unassigned, default ignorable
    "\u2800"  # braille pattern blank
    "\U0001d159"  # musical symbol null notehead
    "\U00013441\U00013442"  # Egyptian full and half blank
    "\ufffc\ufffd"  # replace what was lost: an object, or bytes that could not be decoded
)
"""Characters of other categories that show nothing, or nothing that was intended."""
SHOWN_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Signs before Arabic, Syriac and Kaithi numbers or words: format characters that are drawn."""
IGNORED_PLANE = range(0xE0000, 0xE1000)
"""Tags, variation selectors and reserved code points: all default ignorable."""


def shows_nothing(text: str) -> bool:
    """Return whether a text is empty or has only invisible characters.

    An emoji joined by ZWJ, Persian with ZWNJ and a letter with marks all show something.
    Source: Unicode 16, `DerivedCoreProperties.txt`, Default_Ignorable_Code_Point.
    """
    first = text[:1]
    if first.isascii() and first.isalnum():  # most texts, at a twentieth of the time
        return False
    return not any(map(_shows, text))


def seen(text: str) -> str:
    """Return the text without surrounding white space; empty if it shows nothing."""
    return "" if shows_nothing(text) else text.strip()


def count_visible(text: str) -> int:
    """Return the number of characters that show something; spaces do not count."""
    return sum(map(_shows, text))


def _shows(character: str) -> bool:
    if character in BLANK or ord(character) in IGNORED_PLANE:
        return False
    return character in SHOWN_FORMATS or unicodedata.category(character) not in UNSEEN


class _Nothing:
    """Values that a text field treats as empty: Django's, and text that shows nothing."""

    def __contains__(self, value: object) -> bool:
        return shows_nothing(value) if isinstance(value, str) else value in (None, [], (), {})


NOTHING = _Nothing()
