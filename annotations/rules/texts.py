"""Comparison of texts, with the same rules for forms, imports, split groups and releases."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from annotations.rules.text_kinds import TextCheck

_MONTH = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_LETTER = "[a-zA-Z\u0130\u0131\u017f\u212a]"
_WORTH_A_LOOK = re.compile(
    rf"[@:\d](?:(?<=@)|(?<=:)\S*:|(?<=\d)(?:\D{{1,4}}\d|\d{{4}}|-{_MONTH}|(?<={_MONTH}-\d)"
    rf"|(?<={_LETTER}\d)\d{{1,3}}{_LETTER}{{2}}))"
)
"""Matches every text in which a pattern of `datasets.policy.personal_data` can find something.

Most texts do not match, which saves 10 ms for each and a process. The pattern starts with the one
class of characters that every match has, which is searched for ten times as fast as alternatives.
"""

_SIGNS = b"@:0123456789"
"""What a match of `_WORTH_A_LOOK` begins with, in ASCII."""


def one_line_ending(text: str) -> str:
    """Replace CR LF, which browsers send, and CR by LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def storable(text: str) -> bool:
    """Return whether the database can store the text: no NUL and no lone surrogate."""
    return "\x00" not in text and is_utf8(text)


def is_utf8(text: str) -> bool:
    """Return whether the text can be encoded: it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_hash(text: str) -> str:
    """Return a SHA-256 in hex that ignores white space and Unicode composition, but not case."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode()).hexdigest()


def caseless_hash(text: str) -> str:
    """Return the hash of a text regardless of case, to find harmful and duplicate texts."""
    return text_hash(text.casefold())


_FORM = {"P", "Z", "C"}
"""Unicode categories: punctuation, separators, invisible characters. `Sk` are lone accents."""


def words_alone(text: str) -> str:
    """Return the letters, digits and symbols of a text, without case."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kinds = ((one, unicodedata.category(one)) for one in folded)
    return "".join(one for one, kind in kinds if kind[0] not in _FORM and kind != "Sk")


def same_words(first: str, second: str) -> bool:
    """Return whether two texts differ at most in capitals, spaces or punctuation."""
    return words_alone(first) == words_alone(second)


def same_text(first: str, second: str) -> bool:
    """Return whether two texts look the same to a reader."""
    return text_hash(first) == text_hash(second)


_LOOKS_LIKE = re.compile(r"\S+@\S+|\+?\d[\d ().:/-]{3,}\d|\S*\d\S*")
"""Possible personal data, to mark on a page: addresses, numbers, words with digits."""


def marked(text: str) -> list[tuple[str, bool]]:
    """Return the text in pieces, each with whether it looks like personal data."""
    pieces, end = [], 0
    for hit in _LOOKS_LIKE.finditer(text):
        pieces += [(text[end : hit.start()], False), (hit.group(), True)]
        end = hit.end()
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


def _has_no_sign(text: str) -> bool:
    """Return whether a text of ASCII has no digit, @ or colon, four times as fast as a pattern."""
    return text.isascii() and len(text.encode().translate(None, _SIGNS)) == len(text)


def first_check(*texts: str) -> TextCheck:
    """Return CLEAR if no pattern can find personal data in the texts, otherwise UNCHECKED."""
    suspicious = any(not _has_no_sign(text) and _WORTH_A_LOOK.search(text) for text in texts)
    return TextCheck.UNCHECKED if suspicious else TextCheck.CLEAR
