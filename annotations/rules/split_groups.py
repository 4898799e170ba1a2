"""Split groups: prompts that must stay on one side of every split, and the reasons.

Two prompts share a group where one of these holds (decision 23):

* their texts are the same (`texts.text_hash`);
* their texts are nearly the same: at least 0.8 of three-word shingles (`minhash.near`), or for
  short texts one changed word or letter (`short_texts`);
* they are one conversation: the same beginning, up to the first user turn that says enough
  (`minhash.BEGINNING_WORDS`);
* the import names the same family for both;
* they have an identical response that says enough (`minhash.REPLY_WORDS`).

`services.split_groups` finds and joins them; `datasets.policy.splits` assigns groups to splits.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count


class Why(StrEnum):
    """Why prompts are in one split group, besides identical texts."""

    BEGINNING = "beginning"
    NEAR = "near"
    FAMILY = "family"
    REPLY = "reply"


HELD_OUT = "held_out"
SIDES = ("train", "validation", "test", HELD_OUT)
"""Sides of a split. Unused prompts join the last side of their group, away from training."""


@dataclass(frozen=True, slots=True)
class Places:
    """New groups for the prompts of a group: used prompts by their side, and all others."""

    used: Mapping[str, uuid.UUID]
    others: uuid.UUID

    @property
    def apart(self) -> bool:
        """Return whether the prompts are on several sides, because releases used them there."""
        return len({*self.used.values(), self.others}) > 1


def placed(
    group: uuid.UUID, *, used: Iterable[str], held_out: bool, side_of: Callable[[uuid.UUID], str]
) -> Places:
    """Return groups for prompts that belong together, so that no released prompt changes sides.

    `used` has the sides on which releases used some of them; `held_out` says whether one of them is
    held out. The side of a group follows from its id (`side_of`), so ids are derived from the group
    until one fits. The result is always the same.
    """
    sides = sorted(set(used), key=SIDES.index)
    if not sides:
        return Places({}, group)
    if held_out:
        return Places({side: _on_side(group, side, side_of, apart=True) for side in sides}, group)
    by_side = {side: _on_side(group, side, side_of, apart=len(sides) > 1) for side in sides}
    return Places(by_side, by_side[sides[-1]])


def join_groups(
    members: Collection[uuid.UUID], *, used: Mapping[uuid.UUID, str], held_out: bool
) -> dict[uuid.UUID, uuid.UUID]:
    """Return group → new group of its prompts, for groups that are joined.

    `used` has the groups of which a release used prompts, with their side. Such a group stays, or
    joins another used group of the same side. The others join the used group that is farthest from
    training. If one of the groups is held out, they stay apart from all used ones, which is farther
    still.
    """
    homes: dict[str, uuid.UUID] = {}
    for group in sorted(used):
        homes.setdefault(used[group], group)
    rest = [group for group in members if group not in used]
    targets = {group: homes[side] for group, side in used.items()}
    if rest:
        apart = held_out or not homes
        home = min(rest) if apart else homes[max(homes, key=SIDES.index)]
        targets |= dict.fromkeys(rest, home)
    return {old: new for old, new in targets.items() if old != new}


def _on_side(
    group: uuid.UUID, side: str, side_of: Callable[[uuid.UUID], str], *, apart: bool
) -> uuid.UUID:
    if not apart and side_of(group) == side:
        return group
    drawn = (uuid.uuid5(group, f"{side} {number}") for number in count())
    return next(one for one in drawn if side_of(one) == side)


class Groups:
    """Groups that are joined one after another (a union-find structure).

    Joined groups take the smallest id, so that the order of imports makes no difference.
    """

    def __init__(self) -> None:
        self._above: dict[uuid.UUID, uuid.UUID] = {}
        self._why: dict[uuid.UUID, set[Why]] = {}

    def of(self, group: uuid.UUID) -> uuid.UUID:
        """Return the current id of a group."""
        above = self._above
        while (up := above.get(group)) is not None:
            if (higher := above.get(up)) is not None:
                above[group] = higher
            group = up
        return group

    def join(self, one: uuid.UUID, other: uuid.UUID, why: Why) -> None:
        """Join two groups."""
        low, high = sorted((self.of(one), self.of(other)))
        if low != high:
            self._above[high] = low
            self._why.setdefault(low, set()).add(why)

    def moved(self) -> dict[uuid.UUID, uuid.UUID]:
        """Return group → current id, for groups whose id has changed."""
        return {group: self.of(group) for group in list(self._above)}

    def reasons(self) -> Iterator[tuple[uuid.UUID, Why]]:
        """Yield each group that others were joined to, once for each reason."""
        reasons: dict[uuid.UUID, set[Why]] = {}
        for group, why in self._why.items():
            reasons.setdefault(self.of(group), set()).update(why)
        for group, why in reasons.items():
            yield from ((group, one) for one in sorted(why))
