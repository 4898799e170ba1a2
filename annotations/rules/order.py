"""The order of responses: balanced for each person and pair of sources, otherwise random."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Candidate:
    """A response, reduced to what the decision may use."""

    id: UUID
    source: UUID


@dataclass(frozen=True)
class Order:
    """The order in which responses are shown. `lead` is the new balance of the pair."""

    ids: tuple[UUID, ...]
    seed: int
    propensity: float
    lead: int


def balanced_pair(candidates: Sequence[Candidate]) -> tuple[UUID, UUID] | None:
    """Return the two sources whose sides are balanced, the smaller first, or None.

    Nothing is balanced for two responses of one source, or for more than two, which are shuffled.
    """
    sources = sorted({candidate.source for candidate in candidates})
    if len(candidates) != 2 or len(sources) != 2:
        return None
    return sources[0], sources[1]


def decide(candidates: Sequence[Candidate], *, seed: int, lead: int) -> Order:
    """Decide the order; the same seed and lead give the same order.

    `lead` is the number of times the smaller source of the pair was left, minus the number of times
    it was right. At 0, the side is random (probability 1/2); otherwise the side that brings `lead`
    back to 0 is certain.
    """
    chance = random.Random(seed)  # noqa: S311 - reproducible from the stored seed
    known = sorted(candidates, key=lambda candidate: candidate.id)
    if balanced_pair(known) is None:
        chance.shuffle(known)
        ids = tuple(candidate.id for candidate in known)
        return Order(ids=ids, seed=seed, propensity=1 / math.factorial(len(ids)), lead=lead)
    first_left = chance.random() < 0.5 if lead == 0 else lead < 0
    known.sort(key=lambda candidate: candidate.source, reverse=not first_left)
    return Order(
        ids=(known[0].id, known[1].id),
        seed=seed,
        propensity=0.5 if lead == 0 else 1.0,
        lead=lead + (1 if first_left else -1),
    )
