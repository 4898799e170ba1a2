"""Whether two answers to the same text agree."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.rules.special_items import Agreement, comparisons_agree, ratings_agree


def scores(**of: int) -> list[dict[str, Any]]:
    return [{"response": "a", "criterion": key, "score": score} for key, score in of.items()]


@pytest.mark.parametrize(
    ("one", "two", "agreement"),
    [
        (scores(x=3), scores(x=3), Agreement(1, 1, 1)),
        (scores(x=3), scores(x=4), Agreement(1, 0, 1)),
        (scores(x=3), scores(x=5), Agreement(1, 0, 0)),
        (scores(x=99), scores(x=99), Agreement(1, 1, 1)),
        (scores(x=99), scores(x=98), Agreement(1, 0, 0)),
        (scores(x=3, y=1), scores(x=3), Agreement(1, 1, 1)),
        (scores(), scores(x=3), Agreement()),
    ],
)
def test_scores(one: Any, two: Any, agreement: Agreement) -> None:
    assert ratings_agree(one, two) == agreement


def test_options_have_no_order_and_turns_are_compared_like_responses() -> None:
    one, two = ([{"turn": 1, "criterion": "tone", "score": score}] for score in (2, 3))
    assert ratings_agree(one, two) == Agreement(1, 0, 1)
    assert ratings_agree(one, two, {"tone"}) == Agreement(1, 0, 0)
    assert ratings_agree(one, one, {"tone"}) == Agreement(1, 1, 1)


def ranked(*groups: str, harmful: bool = False) -> dict[str, Any]:
    return {"ranking": [list(group) for group in groups], "all_harmful": harmful}


@pytest.mark.parametrize(
    ("one", "two", "agreement"),
    [
        (ranked("a", "b"), ranked("a", "b"), Agreement(1, 1, 1)),
        (ranked("a", "b"), ranked("b", "a"), Agreement(1, 0, 0)),
        (ranked("a", "b"), ranked("ab"), Agreement(1, 0, 1)),
        (ranked("ab"), ranked("ab"), Agreement(1, 1, 1)),
        (ranked("a", "b", "c"), ranked("a", "c", "b"), Agreement(3, 2, 2)),
        (ranked(harmful=True), ranked(harmful=True), Agreement(1, 1, 1)),
        (ranked(harmful=True), ranked("a", "b"), Agreement(1, 0, 0)),
    ],
)
def test_comparisons(one: Any, two: Any, agreement: Agreement) -> None:
    assert comparisons_agree(one, two) == agreement
    assert Agreement(1, 0, 0) + Agreement(2, 1, 1) == Agreement(3, 1, 1)
