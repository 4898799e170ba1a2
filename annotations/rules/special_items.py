"""Training items, hidden repeats and attention items: how often, and whether answers agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.rules.scales import UNSURE

MOST_CHECKS = 5
"""At most one lease in this number leads to a hidden check."""
SHARES = (10, 20, 50)
"""One in this number, as pages offer it."""
REPEAT_GAP = 10
"""Texts that a member has had since a text that may come back as a repeat."""
NEAR = 1
"""Scores this close count as the same answer to an attention item."""


@dataclass(frozen=True)
class Agreement:
    """How many answers were compared, how many are the same, and how many are near."""

    compared: int = 0
    same: int = 0
    near: int = 0

    def __add__(self, other: Agreement) -> Agreement:
        """Return both together."""
        return Agreement(
            self.compared + other.compared, self.same + other.same, self.near + other.near
        )


def ratings_agree(
    one: Sequence[Mapping[str, Any]],
    two: Sequence[Mapping[str, Any]],
    unordered: Collection[str] = (),
) -> Agreement:
    """Compare scores of the same responses, or the same turns, on the same criteria.

    “Not sure” is the same as “not sure” alone, and so is each option of a criterion that is
    `unordered`. A criterion that was asked once does not count.
    """
    scores = {_place(rating): rating["score"] for rating in two}
    compared = same = near = 0
    for rating in one:
        other = scores.get(_place(rating))
        if other is None:
            continue
        compared += 1
        same += other == rating["score"]
        apart = UNSURE in (other, rating["score"]) or rating["criterion"] in unordered
        near += other == rating["score"] or (not apart and abs(other - rating["score"]) <= NEAR)
    return Agreement(compared, same, near)


def _place(rating: Mapping[str, Any]) -> tuple[Any, str]:
    return rating.get("response") or rating["turn"], rating["criterion"]


def comparisons_agree(one: Mapping[str, Any], two: Mapping[str, Any]) -> Agreement:
    """Compare which response is better, for each pair: the same, or near if one says equal.

    “All could do harm” is the same as itself alone.
    """
    if one["all_harmful"] or two["all_harmful"]:
        both = one["all_harmful"] and two["all_harmful"]
        return Agreement(1, int(both), int(both))
    first, second = _places(one["ranking"]), _places(two["ranking"])
    shown = sorted(first.keys() & second.keys())
    total = Agreement()
    for place, left in enumerate(shown):
        for right in shown[place + 1 :]:
            signs = [_sign(of[right] - of[left]) for of in (first, second)]
            same = signs[0] == signs[1]
            total += Agreement(1, int(same), int(same or 0 in signs))
    return total


def _places(ranking: Sequence[Sequence[str]]) -> dict[str, int]:
    return {response: place for place, group in enumerate(ranking) for response in group}


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
