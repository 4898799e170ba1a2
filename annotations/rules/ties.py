"""Which prompts share a group, worked out from sketches; see `sketches` for what ties them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotations.rules.sketches import Array

Pair = tuple[int, int]


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


def merged_groups(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> dict[uuid.UUID, uuid.UUID]:
    """Connected components: group → the smallest group of its component, where it changes."""
    groups = Groups()
    for one, other in pairs:
        groups.join(one, other)
    return groups.moved()


def conversations(table: Array) -> Iterator[Pair]:
    """Pairs of rows that are one conversation: same beginning, or one begins the other."""
    first_of: dict[int, int] = {}
    openings: defaultdict[int, list[int]] = defaultdict(list)
    single: set[int] = set()
    both = zip(table["opening"].tolist(), table["exchange"].tolist(), strict=True)
    for row, (opening, exchange) in enumerate(both):
        first = first_of.setdefault(exchange, row)
        if first != row:
            yield first, row
            continue
        openings[opening].append(row)
        if opening == exchange:
            single.add(opening)
    for opening in single:
        rows = openings[opening]
        yield from ((rows[0], row) for row in rows[1:])


class Bands:
    """The rows of a table of sketches by the bands that they hold."""

    def __init__(self, table: Array) -> None:
        import numpy as np

        columns = table["bands"].T
        self._orders = [column.argsort(kind="stable").astype(np.int32) for column in columns]
        self._sorted = [column[order] for column, order in zip(columns, self._orders, strict=True)]

    def shared(self) -> Iterator[list[int]]:
        """Rows that share a band, each time two or more."""
        import numpy as np

        for values, order in zip(self._sorted, self._orders, strict=True):
            edges = np.flatnonzero(np.diff(values)) + 1
            starts = np.concatenate(([0], edges))
            ends = np.concatenate((edges, [len(values)]))
            many = ends - starts > 1
            for start, end in zip(starts[many].tolist(), ends[many].tolist(), strict=True):
                yield order[start:end].tolist()

    def shared_with(self, table: Array) -> Iterator[tuple[int, list[int]]]:
        """Row of another table → our rows that share a band with it."""
        import numpy as np

        columns = table["bands"].T
        for values, order, column in zip(self._sorted, self._orders, columns, strict=True):
            starts = np.searchsorted(values, column, side="left")
            ends = np.searchsorted(values, column, side="right")
            for row in np.flatnonzero(ends > starts).tolist():
                yield row, order[starts[row] : ends[row]].tolist()
