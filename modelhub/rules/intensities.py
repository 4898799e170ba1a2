"""Chooses the intensity of rows without one, so that texts about a crisis count as heavy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from annotations.rules.topics import HEAVIEST
from codesign.care.rules.disclosure.detection import find_disclosure
from modelhub.rules.imports import ImportRow

UNSAID, TAKEN_AS_HEAVY = "no_intensity", "taken_as_heavy"
"""What is counted: rows without an intensity, and those of them that may tell of a crisis."""
MOST_LOOKED_AT = 20_000_000
"""Characters that are checked in one file, which takes a minute or two."""


class Intensities:
    """Chooses the intensities for the rows of one file."""

    def __init__(self, counts: Counter[str], *, most: int = MOST_LOOKED_AT) -> None:
        self._counts, self._left = counts, most

    def chosen(self, row: ImportRow) -> ImportRow:
        """Return the row with an intensity, never the lowest unless the file says so.

        Rows beyond the limit are not checked, and count as heavy.
        """
        if row.prompt.intensity_said:
            return row
        self._counts[UNSAID] += 1
        if not self._may_be_heavy(row):
            return row
        self._counts[TAKEN_AS_HEAVY] += 1
        return replace(row, prompt=replace(row.prompt, intensity=HEAVIEST))

    def _may_be_heavy(self, row: ImportRow) -> bool:
        texts = [turn["content"] for turn in row.prompt.messages if turn["role"] == "user"]
        self._left -= sum(map(len, texts))
        # A phrase that tells of a crisis; likeness alone would take nearly every prompt as heavy.
        return self._left < 0 or any(find_disclosure(text).languages for text in texts)
