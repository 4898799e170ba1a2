"""Draw the responses of a task, if a prompt has more than people can compare at once."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST_REPLIES = 6
"""The most responses in one task: six is the most that people can put in order (decision 36)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A response: its opaque source, and the number of tasks that have shown it so far."""

    id: uuid.UUID
    source: uuid.UUID
    asked: int = 0


def draw(
    prompts: Sequence[Sequence[Candidate]], *, most: int = MOST_REPLIES, seed: str
) -> list[list[uuid.UUID]]:
    """Choose at most `most` responses of each prompt, with about the same number for every source.

    Prompts are processed in random order. For each, responses are chosen one by one: those that
    the fewest tasks have shown (so that a later round shows the ones that were left out), then
    those of the source chosen least for this prompt, then of the source chosen least so far. Ties
    are broken at random. The same `seed` and prompts give the same choice. A prompt with at most
    `most` responses keeps all of them, in order.
    """
    luck = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    taken: Counter[uuid.UUID] = Counter()
    chosen: list[list[uuid.UUID]] = [[] for _ in prompts]
    for place in luck.sample(range(len(prompts)), len(prompts)):
        left = list(prompts[place])
        if len(left) > most:
            left = _take(luck.sample(left, len(left)), taken, most)
        taken.update(one.source for one in left)
        chosen[place] = [one.id for one in left]
    return chosen


def _take(shuffled: list[Candidate], taken: Counter[uuid.UUID], most: int) -> list[Candidate]:
    here: Counter[uuid.UUID] = Counter()
    chosen = []
    for _ in range(most):
        one = min(shuffled, key=lambda c: (c.asked, here[c.source], taken[c.source]))
        shuffled.remove(one)
        here[one.source] += 1
        chosen.append(one)
    return chosen
