"""When a text is covered."""

from __future__ import annotations

import pytest

from annotations.rules.topics import needs_note


@pytest.mark.parametrize(
    ("intensity", "asked", "covered"),
    [
        (1, False, False),
        (2, False, False),
        (3, False, True),
        (1, True, True),
        (2, True, True),
        (3, True, True),
    ],
)
def test_the_heaviest_texts_and_topics_to_ask_about_are_covered(
    intensity: int, asked: bool, covered: bool
) -> None:
    assert needs_note(intensity=intensity, asked_first=asked) is covered
