"""Tying new prompts to all that must stay on their side of a split, once they are written."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from django.db import connection

from annotations.models import Prompt, Response
from annotations.rules import sketches
from annotations.rules.ties import Bands, Groups, conversations
from codesign.shared.batches import batched
from codesign.studies.models import Study

if TYPE_CHECKING:
    from annotations.rules.sketches import Array, Shingles

MOVE = """
UPDATE annotations_prompt SET split_group = moved.target
FROM unnest(%s::uuid[], %s::uuid[]) AS moved (old, target)
WHERE study_id = %s AND split_group = moved.old
"""
AT_ONCE = 5_000
"""Older prompts in memory at a time."""
TEXTS = 2_000
"""Texts in memory at a time."""


def move(*, study: Study, moved: dict[uuid.UUID, uuid.UUID]) -> None:
    """Let prompts of the old groups be of the new ones."""
    for some in batched(moved.items(), AT_ONCE):
        old, target = zip(*some, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [list(old), list(target), study.id])


class Ties:
    """What new prompts of a study are tied by; the study is locked by the caller.

    Holds about 300 bytes for each new prompt, and of older ones and of texts a few thousand at a
    time.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.groups = Groups()
        self.any_older = Prompt.objects.filter(study=study).exists()
        self._ids: list[uuid.UUID] = []
        self._group_of: dict[uuid.UUID, uuid.UUID] = {}
        self._tables: list[Array] = []
        self._any_said = Response.objects.filter(prompt__study=study).exists()
        self._said_by: dict[int, uuid.UUID] = {}
        self._families: dict[str, uuid.UUID] = {}
        self._texts: dict[uuid.UUID, Shingles] = {}
        self._apart: set[tuple[uuid.UUID, uuid.UUID]] = set()

    def add(self, prompts: Sequence[Prompt], table: Array) -> None:
        """Prompts that are written now, with their sketches."""
        families = {prompt.family for prompt in prompts if prompt.family}
        if self.any_older and (unknown := families - set(self._families)):
            older = Prompt.objects.filter(study=self.study, family__in=unknown)
            for family, group in older.values_list("family", "split_group"):
                self.groups.join(self._families.setdefault(family, group), group)
        for prompt in prompts:
            if prompt.family:
                first = self._families.setdefault(prompt.family, prompt.split_group)
                self.groups.join(first, prompt.split_group)
            self._ids.append(prompt.id)
            self._group_of[prompt.id] = prompt.split_group
        self._tables.append(table)

    def add_responses(self, by_hash: Iterable[tuple[str, uuid.UUID]]) -> None:
        """Hashes of responses about to be written, each with the group of its prompt."""
        unknown = set()
        for digest, group in by_hash:
            key = int(digest[:16], 16)
            first = self._said_by.setdefault(key, group)
            self.groups.join(first, group)
            unknown.add(digest)
        if self._any_said:
            same = Response.objects.filter(prompt__study=self.study, text_hash__in=unknown)
            for digest, group in same.values_list("text_hash", "prompt__split_group").distinct():
                self.groups.join(self._said_by[int(digest[:16], 16)], group)

    def settle(self) -> None:
        """Work out all ties and write them."""
        if self._ids:
            import numpy as np

            table = np.concatenate(self._tables)
            for one, other in conversations(table):
                self._join(self._ids[one], self._ids[other])
            # Those with the very same text are of one group from the start.
            first_of = {group: row for row, group in enumerate(self._group_of.values())}
            rows = list(first_of.values())
            ids = [self._ids[row] for row in rows]
            bands = Bands(table[rows])
            self._tie_near([ids[row] for row in some] for some in bands.shared())
            if self.any_older:
                self._tie_to_older(table, bands, ids)
        move(study=self.study, moved=self.groups.moved())

    def _join(self, one: uuid.UUID, other: uuid.UUID) -> None:
        self.groups.join(self._group_of[one], self._group_of[other])

    def _same(self, one: uuid.UUID, other: uuid.UUID) -> bool:
        return self.groups.of(self._group_of[one]) == self.groups.of(self._group_of[other])

    def _tie_near(self, runs: Iterable[Sequence[uuid.UUID]]) -> None:
        """Join those of each run that say almost the same."""
        for some in _by_size(runs):
            self._load({one for run in some for one in run})
            for run in some:
                for one, other in combinations(run, 2):
                    self._compare(one, other)

    def _compare(self, one: uuid.UUID, other: uuid.UUID) -> None:
        pair = (one, other) if one < other else (other, one)
        if self._same(one, other) or pair in self._apart:
            return
        if sketches.near(self._texts[one], self._texts[other]):
            self._join(one, other)
        else:
            self._apart.add(pair)

    def _load(self, wanted: set[uuid.UUID]) -> None:
        """Have the shingles of these prompts, and not many more."""
        if len(self._texts) > TEXTS:
            self._texts = {id: s for id, s in self._texts.items() if id in wanted}
        missing = wanted - set(self._texts)
        found = Prompt.objects.filter(id__in=missing).values_list("id", "messages")
        for id, messages in found.iterator(TEXTS):
            self._texts[id] = sketches.shingles(messages)

    def _tie_to_older(self, table: Array, bands: Bands, ids: Sequence[uuid.UUID]) -> None:
        new = set(self._ids)
        stored = Prompt.objects.filter(study=self.study).exclude(sketch=b"")
        rows = stored.values_list("id", "split_group", "sketch").iterator(AT_ONCE)
        by_exchange = _first_of(table["exchange"].tolist(), self._ids)
        by_opening = _first_of(table["opening"].tolist(), self._ids)
        whole = set(table["opening"][table["opening"] == table["exchange"]].tolist())
        for some in batched((row for row in rows if row[0] not in new), AT_ONCE):
            older = sketches.unpacked([bytes(sketch) for _, _, sketch in some])
            self._group_of.update((id, group) for id, group, _ in some)
            pairs = zip(older["opening"].tolist(), older["exchange"].tolist(), strict=True)
            for (id, _, _), (opening, exchange) in zip(some, pairs, strict=True):
                if ours := by_exchange.get(exchange):
                    self._join(id, ours)
                if not (ours := by_opening.get(opening)):
                    continue
                if opening == exchange and opening not in whole:
                    self._join_all(ours, opening, table)
                    whole.add(opening)
                if opening in whole:
                    self._join(id, ours)
            self._tie_near(
                [some[row][0], ids[near]]
                for row, found in bands.shared_with(older)
                for near in found
            )
            for id, _, _ in some:
                del self._group_of[id]

    def _join_all(self, id: uuid.UUID, opening: int, table: Array) -> None:
        """An older prompt is the beginning of all that open like this one."""
        """An older prompt is the beginning of all that open like this one."""
        for row in (table["opening"] == opening).nonzero()[0].tolist():
            self._join(id, self._ids[row])


def _first_of(keys: Sequence[int], ids: Sequence[uuid.UUID]) -> dict[int, uuid.UUID]:
    first: dict[int, uuid.UUID] = {}
    for key, id in zip(keys, ids, strict=True):
        first.setdefault(key, id)
    return first


def _by_size(runs: Iterable[Sequence[uuid.UUID]]) -> Iterator[list[Sequence[uuid.UUID]]]:
    """Runs together as long as their texts are few."""
    some: list[Sequence[uuid.UUID]] = []
    size = 0
    for run in runs:
        some.append(run)
        size += len(run)
        if size >= TEXTS:
            yield some
            some, size = [], 0
    if some:
        yield some
