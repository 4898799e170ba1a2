"""Groups of prompts that are joined; see `sketches` for what ties them."""

from __future__ import annotations

import uuid


class Groups:
    """Groups that are joined one after another; of those joined the smallest id stands for all.

    The smallest, so that the order in which prompts came in makes no difference.
    """

    def __init__(self) -> None:
        self._above: dict[uuid.UUID, uuid.UUID] = {}

    def of(self, group: uuid.UUID) -> uuid.UUID:
        """The group that stands for this one now."""
        above = self._above
        while (up := above.get(group)) is not None:
            if (higher := above.get(up)) is not None:
                above[group] = higher
            group = up
        return group

    def join(self, one: uuid.UUID, other: uuid.UUID) -> None:
        """From now on both are one."""
        low, high = sorted((self.of(one), self.of(other)))
        if low != high:
            self._above[high] = low

    def moved(self) -> dict[uuid.UUID, uuid.UUID]:
        """Group → the one that stands for it, where that is another."""
        return {group: self.of(group) for group in list(self._above)}
