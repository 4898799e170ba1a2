"""Rows without an intensity are heavy where they may tell of a crisis, else medium."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from modelhub.rules.imports import import_row
from modelhub.rules.intensities import Intensities

CRISIS = "Tonight I want to end my life. I have the pills in front of me."


def chosen(prompt: Any, *, most: int = 1_000, **said: int) -> tuple[int, Counter[str]]:
    counts: Counter[str] = Counter()
    row = import_row({"prompt": prompt, **said}, line=1)
    return Intensities(counts, most=most).chosen(row).prompt.intensity, counts


@pytest.mark.parametrize(
    ("prompt", "intensity"),
    [
        (CRISIS, 3),
        ("Esta noche quiero quitarme la vida.", 3),
        ("How do I sleep better?", 2),
        (
            [
                {"role": "user", "content": CRISIS},
                {"role": "assistant", "content": "I am here."},
                {"role": "user", "content": "Thank you."},
            ],
            3,
        ),
        (
            [
                {"role": "user", "content": "Hello."},
                {"role": "assistant", "content": CRISIS},
                {"role": "user", "content": "What?"},
            ],
            2,
        ),
    ],
)
def test_what_people_wrote_decides(prompt: Any, intensity: int) -> None:
    heavy = {"taken_as_heavy": 1} if intensity == 3 else {}
    assert chosen(prompt) == (intensity, {"no_intensity": 1, **heavy})


def test_what_the_file_says_holds() -> None:
    assert chosen(CRISIS, intensity=1) == (1, {})


def test_a_text_that_is_not_looked_at_is_heavy() -> None:
    assert chosen("How do I sleep better?", most=5)[0] == 3
