"""Which response stands left: balanced for each person and pair of sources, else shuffled."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Candidate:
    """A response by what the decision may look at."""

    id: UUID
    source: UUID


@dataclass(frozen=True)
class Order:
    """An order shown; `lead` is the pair's new balance, as it was where none is kept."""

    ids: tuple[UUID, ...]
    seed: int
    propensity: float
    lead: int


def balanced_pair(candidates: Sequence[Candidate]) -> tuple[UUID, UUID] | None:
    """The two sources, smaller first, whose sides are balanced; None where nothing is.

    Two responses of one source cannot favour a source, and more than two are shuffled.
    """
    sources = sorted({candidate.source for candidate in candidates})
    if len(candidates) != 2 or len(sources) != 2:
        return None
    return sources[0], sources[1]


def decide(candidates: Sequence[Candidate], *, seed: int, lead: int) -> Order:
    """Decide the order; the same seed and lead give the same order.

    `lead` is how often the smaller source of the pair stood left minus how often right: at 0 a
    coin decides (probability 1/2), else the side that brings it back to 0 is certain.
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
