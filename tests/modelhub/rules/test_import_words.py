"""Sentences about the format of a file."""

from __future__ import annotations

from typing import Any

import pytest

from modelhub.rules.import_words import recognised, said

NAMED: list[tuple[dict[str, Any], str]] = [
    ({"shape": "sharegpt", "made": 196}, "ShareGPT: 196 conversations"),
    ({"shape": "sharegpt", "made": 1}, "ShareGPT: 1 conversation"),
    ({"shape": "preference", "made": 12_000}, "Chosen and rejected: 12,000 prompts"),
    ({"shape": "questions", "made": 2_129}, "Questions and answers: 2,129 rows"),
    ({"shape": "own", "made": 3}, ""),
    ({"shape": "of an older version", "made": 3}, ""),
    ({}, ""),
]


@pytest.mark.parametrize(("about", "sentence"), NAMED)
def test_a_format_is_named_with_what_it_has(about: dict[str, Any], sentence: str) -> None:
    assert recognised(about) == sentence


def test_all_that_was_found_is_said_with_what_is_done_about_it() -> None:
    about = {
        "shape": "trees",
        "made": 2,
        "mapping": {"topics": "tags", "family": ""},
        "counts": {
            "ranked": 4,
            "system": 1,
            "html": 2,
            "judged_elsewhere": 1,
            "no_intensity": 1_200,
            "taken_as_heavy": 3,
        },
        "chosen": {"system": "refuse"},
    }
    assert said(about) == [
        "Open-Assistant trees: 2 prompts",
        "Columns: topics = tags, family = left out",
        "4 responses have a rank in the file. They are kept as imported ranks.",
        "1 score or choice of annotators is not imported.",
        "Rows without intensity: 1,200. Taken as heavy: 3; the others as medium. "
        "Say intensity in the file to decide yourself.",
        "System turns: 1 (refuse the row)",
        "HTML: 2 (turn into plain text)",
    ]
