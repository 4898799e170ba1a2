"""When two texts are the same: one answer for forms, imports, ties of prompts and releases."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from annotations.rules.text_kinds import TextCheck

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_WORTH_A_LOOK = re.compile(
    rf"@|:\S*:|\d\D{{1,4}}\d|\d{{5}}|[a-z]\d{{2,4}}[a-z]{{2}}|\d-{_MONTH}|{_MONTH}-\d",
    re.IGNORECASE,
)
"""What each pattern of `datasets.policy.personal_data` needs at least.

It saves a process, and 10 ms a text, for the many texts without digits or with a few apart."""


def one_line_ending(text: str) -> str:
    """The text with line ends as programs write them; browsers send CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def storable(text: str) -> bool:
    """Whether the database can keep the text: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_hash(text: str) -> str:
    """SHA-256, hex; composition of letters and white space make no difference, case does."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode()).hexdigest()


def caseless_hash(text: str) -> str:
    """The same whatever the case: harm does not go away with capitals, nor does a repetition."""
    return text_hash(text.casefold())


_FORM = {"P", "Z", "C"}
"""Unicode's punctuation, separators, and what shows nothing; `Sk` has accents that stand alone."""


def words_alone(text: str) -> str:
    """The text without capitals, white space and punctuation; digits, letters and symbols stay."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kinds = ((one, unicodedata.category(one)) for one in folded)
    return "".join(one for one, kind in kinds if kind[0] not in _FORM and kind != "Sk")


def same_words(first: str, second: str) -> bool:
    """Whether two texts differ in capitals, spaces or punctuation at most."""
    return words_alone(first) == words_alone(second)


def same_text(first: str, second: str) -> bool:
    """Whether nobody who reads both would call them two texts."""
    return text_hash(first) == text_hash(second)


_LOOKS_LIKE = re.compile(r"\S+@\S+|\+?\d[\d ().:/-]{3,}\d|\S*\d\S*")
"""What a reader may be looking for: addresses, numbers, words with digits."""


def marked(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it may be what looked like personal data."""
    pieces, end = [], 0
    for hit in _LOOKS_LIKE.finditer(text):
        pieces += [(text[end : hit.start()], False), (hit.group(), True)]
        end = hit.end()
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


def first_check(*texts: str) -> TextCheck:
    """What can be said of texts at once: that no pattern finds personal data, or nothing yet."""
    worth = any(map(_WORTH_A_LOOK.search, texts))
    return TextCheck.UNCHECKED if worth else TextCheck.CLEAR
