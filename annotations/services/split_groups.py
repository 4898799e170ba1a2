"""Join new prompts to the split groups that they belong to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

from django.db import connection

from annotations.models import MinhashBucket, Prompt, SplitGroupReason
from annotations.rules import minhash, minhash_buckets
from annotations.rules.prompts import first_group, turns
from annotations.rules.short_texts import Short, joined_by_half, joined_by_letters, short
from annotations.rules.split_groups import Groups, Why
from annotations.services.minhash_buckets import (
    SKETCHES,
    TEXTS,
    Bucket,
    bucketed,
    write_buckets,
    write_signatures,
)
from annotations.services.same_values import SAME_FAMILY, SAME_RESPONSE, join_alike
from annotations.services.split_sides import moves
from codesign.shared.batches import batched
from codesign.studies.models import Study

if TYPE_CHECKING:
    from annotations.rules.minhash import Array, Shingles

MOVE = """
UPDATE annotations_prompt SET split_group = moved.target
FROM unnest(%s::uuid[], %s::uuid[]) AS moved (old, target)
WHERE study_id = %s AND split_group = moved.old
"""
MOVE_REASONS = """
UPDATE annotations_tiereason SET split_group = moved.target
FROM unnest(%s::uuid[], %s::uuid[]) AS moved (old, target)
WHERE study_id = %s AND split_group = moved.old
"""
AT_ONCE = 5_000
"""Groups that one statement moves."""
BUCKET_ROWS = 100
"""Bucket rows in memory at a time, about 3 kB each."""
LARGE = 200
"""Above this number of prompts that share a band, not all pairs are compared: see `_join_large`."""
BESIDE = 8
"""Number of following prompts, in the order of `minhash.order`, that each is compared with."""
APART = 100_000
"""Remembered pairs that are not near-duplicates, so that texts are not compared twice."""
Written = tuple[int, uuid.UUID, bytes | memoryview, bytes | memoryview]
"""A row of a bucket: number of the bucket, import that wrote it, keys, prompt ids."""


def move(*, study: Study, groups: Groups) -> dict[uuid.UUID, uuid.UUID]:
    """Move prompts of joined groups, and store the reasons. Return group → new group."""
    moved = moves(study=study, groups=groups)
    for some in batched(moved.items(), AT_ONCE):
        old, target = zip(*some, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [list(old), list(target), study.id])
            cursor.execute(MOVE_REASONS, [list(old), list(target), study.id])
    for reasons in batched(groups.reasons(), AT_ONCE):
        SplitGroupReason.objects.bulk_create(
            SplitGroupReason(study=study, split_group=moved.get(group, group), reason=why)
            for group, why in reasons
        )
    return moved


class Grouped(Protocol):
    """The fields of a new prompt that decide on its split group."""

    id: uuid.UUID
    family: str
    split_group: uuid.UUID


@dataclass(frozen=True, slots=True)
class Known:
    """A prompt that shares a key with another."""

    group: uuid.UUID
    content: str
    shingles: Shingles


@dataclass(frozen=True, slots=True)
class KnownShort:
    """A short prompt that shares a half or its letters with another."""

    group: uuid.UUID
    text: Short


class Run:
    """Prompts that share a key; those from `first_new` on are new."""

    def __init__(self, ids: Array, new: Array) -> None:
        order = new.argsort(kind="stable")
        self.ids = [uuid.UUID(bytes=id.tobytes()) for id in ids[order]]
        self.first_new = len(self.ids) - int(new.sum())


class SplitGroupBuilder:
    """Finds split groups of new prompts of a study. The caller holds `Lock.SPLIT_GROUPS`.

    Memory: a few thousand signatures and texts for any number of prompts, about 300 bytes for each
    group that is joined to another, and the words of short prompts that share a half.

    With an `intake`, the groups of the whole study are computed again: that intake wrote the
    signatures of all prompts, and every prompt starts in the group of its text alone.
    """

    def __init__(self, study: Study, *, intake: uuid.UUID | None = None) -> None:
        self.study, self._afresh = study, intake is not None
        self.groups = Groups()
        self._intake = intake or uuid.uuid4()
        self._ids: list[bytes] = []
        self._tables: list[Array] = []
        self._texts: set[uuid.UUID] = set()
        self._buckets: set[int] = set()
        self._known: dict[uuid.UUID, Known] = {}
        self._apart: set[tuple[uuid.UUID, uuid.UUID]] = set()
        self._older_signed = False
        self._moved: dict[uuid.UUID, uuid.UUID] = {}

    def add(self, prompts: Sequence[Grouped], table: Array) -> None:
        """Add prompts that are about to be written, with their signatures."""
        join_alike(
            study=self.study,
            groups=self.groups,
            values=[(prompt.family, prompt.split_group) for prompt in prompts if prompt.family],
            stored={prompt.family for prompt in prompts if prompt.family},
            find=SAME_FAMILY,
            why=Why.FAMILY,
        )
        if not self._older_signed:
            self._older_signed = True
            if not MinhashBucket.objects.filter(study=self.study).exists():
                write_signatures(study=self.study)
        rows = []
        for row, prompt in enumerate(prompts):
            # Prompts with identical text are in one group from the start.
            if prompt.split_group not in self._texts:
                self._texts.add(prompt.split_group)
                self._ids.append(prompt.id.bytes)
                rows.append(row)
        self._tables.append(table[rows])
        if len(self._ids) >= SKETCHES:
            self._to_buckets()

    def add_responses(
        self, by_hash: Sequence[tuple[str, uuid.UUID]], *, stored: Collection[str]
    ) -> None:
        """Add hashes of responses about to be written, with the groups of their prompts.

        `stored` are those that a response of the study may already have.
        """
        join_alike(
            study=self.study,
            groups=self.groups,
            values=by_hash,
            stored=stored,
            find=SAME_RESPONSE,
            why=Why.REPLY,
        )

    def settle(self, sign: Callable[[], None] = lambda: None) -> None:
        """Find all groups to join and write them; `sign` is called from time to time."""
        self.work_out(sign)
        self._moved = move(study=self.study, groups=self.groups)

    def now(self, group: uuid.UUID) -> uuid.UUID:
        """Return the current group of a group, after `settle`."""
        return self._moved.get(group, group)

    def work_out(self, sign: Callable[[], None] = lambda: None) -> None:
        """Join the groups of prompts that belong together by their text; writes no prompts."""
        self._sign = sign
        if self._ids:
            self._to_buckets()
        if self._buckets or self._afresh:
            for slot, runs in self._runs():
                sign()
                self._join(slot, runs)

    def _join(self, slot: int, runs: Iterator[Run]) -> None:
        """Join the prompts of each run by the rule of the slot."""
        if slot == minhash_buckets.BEGINNING:
            self._join_runs(runs)
        elif slot < minhash_buckets.FIRST_BAND:
            self._join_short(slot, runs)
        else:
            self._join_near(self._without_large(slot, runs))

    def _group(self, group: uuid.UUID, content: str) -> uuid.UUID:
        return first_group(self.study.id, content) if self._afresh else group

    def _to_buckets(self) -> None:
        write_buckets(
            study=self.study,
            intake=self._intake,
            rows=self._noted(bucketed(ids=self._ids, tables=self._tables)),
        )
        self._ids, self._tables, self._texts = [], [], set()

    def _noted(self, rows: Iterable[Bucket]) -> Iterator[Bucket]:
        for row in rows:
            self._buckets.add(row[0])
            yield row

    def _runs(self) -> Iterator[tuple[int, Iterator[Run]]]:
        """Yield (slot, runs of prompts that share a key of the slot, at least one of them new)."""
        buckets = MinhashBucket.objects.filter(study=self.study)
        if not self._afresh:
            buckets = buckets.filter(bucket__in=self._buckets)
        rows = buckets.order_by("bucket").values_list("bucket", "intake", "keys", "prompts")
        by_bucket = groupby(rows.iterator(BUCKET_ROWS), key=itemgetter(0))
        for slot, some in groupby(by_bucket, key=lambda pair: pair[0] // minhash_buckets.BUCKETS):
            yield slot, (run for _, written in some for run in self._shared([*written]))

    def _shared(self, written: Sequence[Written]) -> Iterator[Run]:
        import numpy as np

        _, intakes, some_keys, some_ids = zip(*written, strict=True)
        keys = np.frombuffer(b"".join(some_keys), dtype=minhash_buckets.KEY)
        ids = np.frombuffer(b"".join(some_ids), dtype=minhash_buckets.ID)
        ours = [intake == self._intake for intake in intakes]
        new = np.repeat(ours, [len(one) // keys.itemsize for one in some_keys])
        for places in minhash_buckets.shared(keys, new):
            yield Run(ids[places], new[places])

    def _join_runs(self, runs: Iterable[Run]) -> None:
        """Join all prompts of each run, because their conversations begin in the same way."""
        for some in _by_size(runs):
            prompts = Prompt.objects.filter(id__in={id for run in some for id in run.ids})
            rows = prompts.values_list("id", "split_group", "content_hash")
            group_of = {id: self._group(group, content) for id, group, content in rows}
            for run in some:
                for id in run.ids[1:]:
                    self.groups.join(group_of[run.ids[0]], group_of[id], Why.BEGINNING)

    def _join_short(self, slot: int, runs: Iterable[Run]) -> None:
        """Join the prompts of each run that are near-duplicates by the rule of `short_texts`."""
        for some in _by_size(runs):
            known = self._short({id for run in some for id in run.ids})
            for run in some:
                alike = [known[id] for id in run.ids if id in known]
                if slot == minhash_buckets.LETTERS:
                    pairs = joined_by_letters([one.text for one in alike])
                else:
                    units = [one.text.units for one in alike]
                    pairs = joined_by_half(units, back=slot == minhash_buckets.BACK)
                for one, other in pairs:
                    self.groups.join(alike[one].group, alike[other].group, Why.NEAR)

    def _short(self, wanted: set[uuid.UUID]) -> dict[uuid.UUID, KnownShort]:
        """Return these prompts, one for each text. Equal words share one object, to save memory."""
        known: dict[uuid.UUID, KnownShort] = {}
        texts: set[str] = set()
        same: dict[bytes, bytes] = {}
        for ids in batched(wanted, TEXTS):
            self._sign()
            prompts = Prompt.objects.filter(id__in=ids)
            rows = prompts.values_list("id", "split_group", "content_hash", "messages")
            for id, group, content, messages in rows.iterator(TEXTS):
                text = short([same.setdefault(word, word) for word in minhash.words_of(messages)])
                if text and content not in texts:
                    texts.add(content)
                    known[id] = KnownShort(self._group(group, content), text)
        return known

    def _join_near(self, runs: Iterable[Run]) -> None:
        """Join the prompts of each run that are near-duplicates."""
        for some in _by_size(runs):
            self._load({id for run in some for id in run.ids})
            for run in some:
                for one, other in self._pairs(run):
                    self._compare(one, other)

    def _without_large(self, slot: int, runs: Iterable[Run]) -> Iterator[Run]:
        """Yield the runs that are small enough to compare all pairs, and join the others."""
        for run in runs:
            if len(run.ids) > LARGE:
                self._join_large(slot, run)
            else:
                yield run

    def _join_large(self, slot: int, run: Run) -> None:
        """Join near-duplicates of a large run, comparing each prompt with a few others.

        20,000 prompts of one template have 200 million pairs. Sorted by further minima,
        near-duplicates are neighbours, in each of the bands that they share. A pair with a
        similarity of 0.8 can be missed if it shares few bands; one with 0.9 hardly ever. Mostly the
        first of these bands joins all, and the others have nothing left to compare.
        """
        if self._are_joined(run.ids):
            return
        new = set(run.ids[run.first_new :])
        ids = self._sorted(slot, run.ids)
        for start in range(0, len(ids), TEXTS):
            self._sign()
            part = ids[start : start + TEXTS + BESIDE]
            self._load(set(part))
            for place, one in enumerate(part[:TEXTS], 1):
                for other in part[place : place + BESIDE]:
                    if one in new or other in new:
                        self._join_if_near(self._known[one], self._known[other])

    def _are_joined(self, ids: Sequence[uuid.UUID]) -> bool:
        """Return whether all these prompts are in one group already."""
        groups: set[uuid.UUID] = set()
        for some in batched(ids, TEXTS):
            rows = Prompt.objects.filter(id__in=some).values_list("split_group", "content_hash")
            groups |= {self.groups.of(self._group(*row)) for row in rows.iterator(TEXTS)}
            if len(groups) > 1:
                return False
        return True

    def _sorted(self, slot: int, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
        """Return prompts in the order of `minhash.order`, one for each text, preferably new."""
        import numpy as np

        one_of: dict[str, uuid.UUID] = {}
        orders = []
        for some in batched(ids, TEXTS):
            prompts = Prompt.objects.filter(id__in=some)
            by_id = {
                id: rest for id, *rest in prompts.values_list("id", "content_hash", "messages")
            }
            one_of |= {by_id[id][0]: id for id in some}
            orders.append(minhash.order([turns(by_id[id][1]) for id in some], slot=slot))
        order = np.lexsort(np.concatenate(orders).T[::-1])
        wanted = set(one_of.values())
        return [ids[place] for place in order.tolist() if ids[place] in wanted]

    def _pairs(self, run: Run) -> Iterator[tuple[uuid.UUID, uuid.UUID]]:
        """Yield pairs with a new prompt, one prompt for each text."""
        older, new = run.ids[: run.first_new], run.ids[run.first_new :]
        older = list({self._known[id].content: id for id in older}.values())
        new = list({self._known[id].content: id for id in new}.values())
        yield from ((one, other) for one in new for other in older)
        yield from combinations(new, 2)

    def _compare(self, one: uuid.UUID, other: uuid.UUID) -> None:
        pair = (one, other) if one < other else (other, one)
        if pair in self._apart or self._join_if_near(self._known[one], self._known[other]):
            return
        if len(self._apart) >= APART:
            self._apart.clear()
        self._apart.add(pair)

    def _join_if_near(self, first: Known, second: Known) -> bool:
        """Join two prompts if they are near-duplicates. Return whether they are in one group."""
        if self.groups.of(first.group) == self.groups.of(second.group):
            return True
        if not minhash.near(first.shingles, second.shingles):
            return False
        self.groups.join(first.group, second.group, Why.NEAR)
        return True

    def _load(self, wanted: set[uuid.UUID]) -> None:
        """Load these prompts, and drop others if there are too many."""
        if len(self._known) > TEXTS:
            self._known = {id: known for id, known in self._known.items() if id in wanted}
        prompts = Prompt.objects.filter(id__in=wanted - set(self._known))
        rows = prompts.values_list("id", "split_group", "content_hash", "messages")
        for id, group, content, messages in rows.iterator(TEXTS):
            group = self._group(group, content)
            self._known[id] = Known(group, content, minhash.shingles(minhash.words_of(messages)))


def _by_size(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Yield lists of runs with a limited number of texts."""
    some: list[Run] = []
    size = 0
    for run in runs:
        some.append(run)
        size += len(run.ids)
        if size >= TEXTS:
            yield some
            some, size = [], 0
    if some:
        yield some
