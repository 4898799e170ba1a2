"""Groups of prompts that are joined, and why; see `minhash` for what ties them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count


class Why(StrEnum):
    """What two prompts have in common that ties them, beside the very same text."""

    BEGINNING = "beginning"
    NEAR = "near"
    FAMILY = "family"
    REPLY = "reply"


HELD_OUT = "held_out"
SIDES = ("train", "validation", "test", HELD_OUT)
"""Of a split; what is not used yet goes to the last one of its group: away from training."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the prompts of a group go: those that a release used by their side, and all others."""

    used: Mapping[str, uuid.UUID]
    others: uuid.UUID

    @property
    def apart(self) -> bool:
        """Whether prompts that are tied stand on several sides, since releases used them there."""
        return len({*self.used.values(), self.others}) > 1


def placed(
    group: uuid.UUID, *, used: Iterable[str], held_out: bool, side_of: Callable[[uuid.UUID], str]
) -> Places:
    """Groups for prompts that are tied, so that none that a release used changes its side.

    `used` are the sides on which releases used some of them, `held_out` whether one of them is. A
    group's side follows from its id (`side_of`), so ids are drawn from the group until one fits:
    the same each time.
    """
    sides = sorted(set(used), key=SIDES.index)
    if not sides:
        return Places({}, group)
    if held_out:
        return Places({side: _on_side(group, side, side_of, apart=True) for side in sides}, group)
    found = {side: _on_side(group, side, side_of, apart=len(sides) > 1) for side in sides}
    return Places(found, found[sides[-1]])


def joined_beside(
    members: Collection[uuid.UUID], *, used: Mapping[uuid.UUID, str], held_out: bool
) -> dict[uuid.UUID, uuid.UUID]:
    """Group → the one that its prompts go to, for groups that are one from now on.

    `used` are those of which a release used prompts, by their side; such a group stays, or joins
    another one of its side. The rest goes to the used group farthest from training, or stays apart
    from all of them where one of the groups is held out: that is farther still.
    """
    homes: dict[str, uuid.UUID] = {}
    for group in sorted(used):
        homes.setdefault(used[group], group)
    rest = [group for group in members if group not in used]
    found = {group: homes[side] for group, side in used.items()}
    if rest:
        apart = held_out or not homes
        home = min(rest) if apart else homes[max(homes, key=SIDES.index)]
        found |= dict.fromkeys(rest, home)
    return {old: new for old, new in found.items() if old != new}


def _on_side(
    group: uuid.UUID, side: str, side_of: Callable[[uuid.UUID], str], *, apart: bool
) -> uuid.UUID:
    if not apart and side_of(group) == side:
        return group
    drawn = (uuid.uuid5(group, f"{side} {number}") for number in count())
    return next(one for one in drawn if side_of(one) == side)


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
