"""What is asked of a person who leaves kinds of answers out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from annotations.rules.asks import asks_without
from annotations.rules.states import Ask
from codesign.care.rules.adjustments import LeftOut

ALL = ("rating", "ranking", "rewrite", "highlight", "flag")


@pytest.mark.parametrize(
    ("asks", "left_out", "asked"),
    [
        (ALL, (), ALL),
        (ALL, ("ranking",), ("rating", "rewrite", "highlight", "flag")),
        (ALL, ("rewrite", "highlight"), ("rating", "ranking", "flag")),
        (ALL, ("ranking", "rewrite", "highlight"), ("rating", "flag")),
        (("ranking", "flag"), ("ranking",), ("ranking", "flag")),
        (("ranking", "rewrite"), ("ranking", "rewrite"), ("ranking",)),
        (("rating",), ("ranking",), ("rating",)),
        (("flag",), ("rewrite",), ("flag",)),
    ],
)
def test_what_must_be_answered_stays_if_nothing_else_would(
    asks: Sequence[str], left_out: Sequence[str], asked: Sequence[str]
) -> None:
    assert tuple(asks_without(asks, left_out=left_out)) == asked  # standards 5.7


def test_what_can_be_left_out_is_known_here() -> None:
    assert set(LeftOut.values) < set(Ask.values)
    assert Ask.FLAG not in LeftOut.values  # everybody can report harm
