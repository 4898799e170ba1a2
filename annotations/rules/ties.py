"""Groups of prompts that are joined, and why; see `sketches` for what ties them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from enum import StrEnum


class Why(StrEnum):
    """What two prompts have in common that ties them, beside the very same text."""

    BEGINNING = "beginning"
    NEAR = "near"
    FAMILY = "family"
    REPLY = "reply"


class Groups:
    """Groups that are joined one after another; of those joined the smallest id stands for all.

    The smallest, so that the order in which prompts came in makes no difference.
    """

    def __init__(self) -> None:
        self._above: dict[uuid.UUID, uuid.UUID] = {}
        self._why: dict[uuid.UUID, set[Why]] = {}

    def of(self, group: uuid.UUID) -> uuid.UUID:
        """The group that stands for this one now."""
        above = self._above
        while (up := above.get(group)) is not None:
            if (higher := above.get(up)) is not None:
                above[group] = higher
            group = up
        return group

    def join(self, one: uuid.UUID, other: uuid.UUID, why: Why) -> None:
        """From now on both are one."""
        low, high = sorted((self.of(one), self.of(other)))
        if low != high:
            self._above[high] = low
            self._why.setdefault(low, set()).add(why)

    def moved(self) -> dict[uuid.UUID, uuid.UUID]:
        """Group → the one that stands for it, where that is another."""
        return {group: self.of(group) for group in list(self._above)}

    def reasons(self) -> Iterator[tuple[uuid.UUID, Why]]:
        """Each group that others were joined to, with each reason once."""
        found: dict[uuid.UUID, set[Why]] = {}
        for group, why in self._why.items():
            found.setdefault(self.of(group), set()).update(why)
        for group, why in found.items():
            yield from ((group, one) for one in sorted(why))
