"""Compare a response with its rewrite, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_TOKENS = re.compile(r"\s+|\w+(?:['’]\w+)*|[^\w\s]")
_SHORT_GAP = 2
LONGEST = 6_000
"""Most tokens of both texts together. Longer texts are shown as a whole, because the time of
`difflib` grows with the square of the length."""


LEAST_IN_COMMON = 0.3
"""Share of the longer text, without white space."""


class Kind(StrEnum):
    """Whether a piece of text stayed, was removed or was added."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text of one kind."""

    kind: Kind
    text: str


def compare(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces of the old text (same, gone) and of the new text (same, new).

    The pieces of each side, joined, are exactly its text. A single unchanged word between two
    changes counts as changed, because such islands make a comparison hard to read.
    """
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    if len(before) + len(after) > LONGEST:
        return [Piece(Kind.GONE, old)], [Piece(Kind.NEW, new)]
    left: list[Piece] = []
    right: list[Piece] = []
    for same, i1, i2, j1, j2 in _stretches(before, after):
        _add(left, Kind.SAME if same else Kind.GONE, "".join(before[i1:i2]))
        _add(right, Kind.SAME if same else Kind.NEW, "".join(after[j1:j2]))
    return left, right


def little_in_common(before: list[Piece], after: list[Piece]) -> bool:
    """Return whether less than `LEAST_IN_COMMON` of the longer text stayed.

    Then a comparison word by word is harder to read than both texts.
    """
    same = sum(_length(piece.text) for piece in after if piece.kind is Kind.SAME)
    longer = max(sum(_length(piece.text) for piece in side) for side in (before, after))
    return same < LEAST_IN_COMMON * longer


def _length(text: str) -> int:
    return len("".join(text.split()))


def _stretches(before: list[str], after: list[str]) -> list[tuple[bool, int, int, int, int]]:
    codes = SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    stretches = []
    for number, (tag, i1, i2, j1, j2) in enumerate(codes):
        between = 0 < number < len(codes) - 1
        same = tag == "equal" and not (between and _is_island(before[i1:i2]))
        stretches.append((same, i1, i2, j1, j2))
    return stretches


def _is_island(tokens: list[str]) -> bool:
    return len([token for token in tokens if not token.isspace()]) < _SHORT_GAP


def _add(pieces: list[Piece], kind: Kind, text: str) -> None:
    if not text:
        return
    if pieces and pieces[-1].kind is kind:
        text = pieces.pop().text + text
    pieces.append(Piece(kind, text))
