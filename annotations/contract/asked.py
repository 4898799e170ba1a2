"""What an assignment asks. A submission is checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from annotations.rules.scales import Condition


@dataclass(frozen=True)
class Scale:
    """A scale of whole numbers, both ends included. `unsure` if it also takes `UNSURE`."""

    minimum: int
    maximum: int
    unsure: bool = False


@dataclass(frozen=True)
class Asked:
    """Response id → text as shown, criterion → scale, and the kinds of answers asked for.

    `scales` are in the order of the rubric. `conditions` has the criteria that are asked only after
    some answers, and `reasons` the keys that may be chosen as “why”. The criteria of `each_turn`
    are also asked about each of the earlier replies in the conversation that `turns` numbers.
    """

    texts: Mapping[str, str]
    scales: Mapping[str, Scale]
    asks: frozenset[str]
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    reasons: frozenset[str] = frozenset()
    each_turn: frozenset[str] = frozenset()
    turns: range = range(0)
