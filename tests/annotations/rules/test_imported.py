"""What an imported rank, score or span may be."""

from __future__ import annotations

import math
import uuid
from typing import Any

import pytest

from annotations.rules.imported import (
    ImportedStatement,
    source_problem,
    statement_problem,
)

ONE = uuid.UUID(int=1)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "rank"}, ""),
        ({"kind": "rank", "value": 0.0}, "A rank must be"),
        ({"kind": "rank", "value": 1.5}, "A rank must be"),
        ({"kind": "score", "value": -3.25, "criterion": "helpful"}, ""),
        ({"kind": "score", "value": math.nan}, "must be a number"),
        ({"kind": "score", "value": math.inf}, "must be a number"),
        ({"kind": "score", "value": 1e10}, "must be a number"),
        ({"kind": "score", "criterion": "c" * 61}, "at most 60 characters"),
        ({"kind": "score", "start": 0, "end": 1}, "Only a span"),
        ({"kind": "span", "start": 0, "end": 10}, ""),
        ({"kind": "span", "start": 0, "end": 11}, "inside the response"),
        ({"kind": "span", "start": 4, "end": 4}, "inside the response"),
        ({"kind": "span", "start": -1, "end": 4}, "inside the response"),
        ({"kind": "span"}, "inside the response"),
        ({"kind": "rewrite"}, "The kind must be"),
        ({"kind": "rank", "rater": 0}, "number of a rater"),
    ],
)
def test_what_a_statement_may_be(fields: dict[str, Any], wrong: str) -> None:
    problem = statement_problem(ImportedStatement(ONE, **fields), length=10)
    assert (wrong in problem) if wrong and problem else problem is None and not wrong


def test_a_source_has_a_name() -> None:
    assert source_problem("A forum, 2024") is None
    assert "Name the source" in str(source_problem(" \u200b"))
    assert "at most 120" in str(source_problem("s" * 121))
