"""Which replies a task shows, where a prompt has more than people can compare at once."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST_REPLIES = 4
"""To compare at once; more do not fit side by side, nor can people keep more of them in mind."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reply to a prompt: who wrote it (opaque), and how many tasks have shown it so far."""

    id: uuid.UUID
    source: uuid.UUID
    asked: int = 0


def draw(
    prompts: Sequence[Sequence[Candidate]], *, most: int = MOST_REPLIES, seed: str
) -> list[list[uuid.UUID]]:
    """Choose at most `most` replies of each prompt, every source about equally often over them all.

    Prompts take turns in random order. Each takes, one by one, a reply that fewest tasks have shown
    (so that a later round asks about those that were left out), of a source that it has taken
    least itself, then of the source that all prompts have taken least; chance decides the rest.
    The same `seed` and prompts give the same choice. A prompt that has no more than `most` replies
    keeps them in their order.
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
    found = []
    for _ in range(most):
        one = min(shuffled, key=lambda c: (c.asked, here[c.source], taken[c.source]))
        shuffled.remove(one)
        here[one.source] += 1
        found.append(one)
    return found
