"""Import prompts and responses in batches, and assign split groups at the end."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from struct import Struct
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from psycopg.types.json import Jsonb

from annotations.models import Prompt, Response
from annotations.permissions import ADD_PROMPTS
from annotations.rules import prompts as rules
from annotations.rules.minhash import REPLY_WORDS, says_enough, signatures
from annotations.rules.prompts import PromptRow, RowProblem
from annotations.rules.text_kinds import Origin, TextCheck
from annotations.rules.texts import first_check, text_hash
from annotations.services.incoming import (
    MARK_BITS,
    Incoming,
    difference,
    incoming,
    is_of,
    mark_of,
    mark_of_stored,
)
from annotations.services.late_grouping import group_late
from annotations.services.same_values import Hashes
from annotations.services.split_groups import SplitGroupBuilder
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.copying import copy_rows
from codesign.shared.errors import Invalid
from codesign.studies.models import Study
from codesign.studies.permissions import require

if TYPE_CHECKING:
    from annotations.rules.minhash import Array

PROMPTS_ADDED = action("annotations.prompts_added", gettext_lazy("added prompts"))
GROUPS = """
SELECT split_group, count(*), count(*) FILTER (WHERE held_out)
FROM annotations_prompt WHERE study_id = %s GROUP BY split_group
"""
COLUMNS = (
    "id",
    "external_id",
    "messages",
    "content_hash",
    "category",
    "topics",
    "intensity",
    "language",
    "held_out",
    "family",
    "split_group",
    "text_check",
)
MESSAGES = COLUMNS.index("messages")
_VALUES = attrgetter(*COLUMNS)
RESPONSE_COLUMNS = (
    "id",
    "created_at",
    "prompt_id",
    "text",
    "text_hash",
    "origin",
    "language",
    "source",
    "text_check",
)


class RowsRefused(Invalid):
    """Invalid rows of an import; `problems` has their lines and errors."""

    code = "rows_refused"

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        title = ngettext(
            "%(n)d row is invalid, so nothing was imported.",
            "%(n)d rows are invalid, so nothing was imported.",
            len(problems),
        )
        rows = [str(problem) for problem in problems]
        super().__init__(title % {"n": len(problems)}, {"rows": rows})
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class TiedRow:
    """A row of a file whose prompt would join a group with others, of the study or the file."""

    line: int
    held_out: bool
    group: uuid.UUID
    tied_to: int
    """Number of other prompts in the group."""
    made_held_out: int
    """Prompts of the group that are excluded from training from now on, by a held-out one."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows of a batch, prepared as far as possible without the database."""

    rows: Sequence[PromptRow]
    prompts: Sequence[Incoming]
    signatures: Array
    """Empty in a dry run."""


NEW_ROW = Struct("!q?16s16s")
"""A new prompt in a trial: line, whether held out, id and split group, packed to save memory."""


@dataclass(slots=True)
class Landed:
    """The fields of a prompt that are needed to write responses to it."""

    id: uuid.UUID
    study_id: uuid.UUID
    language: str
    split_group: uuid.UUID
    older: bool
    """Whether it existed before this batch, so that it may have responses."""


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What is stored and compared of the text of a response, found without the database."""

    text_hash: str
    check: TextCheck
    says_enough: bool
    """Whether prompts with this response belong in one split group."""


def facts_of(*, text: str) -> ReplyFacts:
    """Return the facts of the text of a response. Imports call it beside the database's work."""
    return ReplyFacts(text_hash(text), first_check(text), says_enough(text, REPLY_WORDS))


@dataclass(frozen=True, slots=True)
class NewResponse:
    """A response to write. `source` is opaque here."""

    prompt: Prompt | Landed
    text: str
    origin: Origin
    source: uuid.UUID
    language: str = "en"
    facts: ReplyFacts | None = None
    """Computed if None."""


class Intake:
    """One import, in the caller's transaction.

    Locks the split groups of the study until commit, so that each import sees all earlier groups.
    The study itself is not locked, because an import can take minutes; responses that are written
    in the meantime are grouped later, see `late_grouping`. In a dry run (`dry`), rows are checked
    and nothing is written. In a `trial`, the caller rolls back: nothing is locked, and prompts get
    ids that no import waits for. Memory: see `SplitGroupBuilder`, and 160 bytes for each row (270
    in a trial).
    """

    def __init__(self, *, actor: Actor, study: Study, trial: bool = False) -> None:
        require(actor, ADD_PROMPTS, study)
        if not trial:
            lock_until_commit(Lock.SPLIT_GROUPS, study.id)
        self.actor, self.study, self.dry, self.trial = actor, study, False, trial
        self.made = self.already_there = self.repeated = 0
        self.problems: list[RowProblem] = []
        self._any_older = Prompt.objects.filter(study=study).exists()
        self._split_groups = SplitGroupBuilder(study)
        self._hashes = Hashes(any_older=self._any_older)
        self._marks: dict[int, int] = {}
        """Hash of an external id → its first line, and the mark of that row (see `mark_of`)."""
        self._on_trial: dict[int, bytes] = {}
        """Hash of an external id → its new prompt in a trial (`NEW_ROW`)."""
        held_out = "count(*) FILTER (WHERE held_out) > 0"
        self._held_before = dict(self._groups(held_out)) if trial else {}

    def ready(self, rows: Sequence[PromptRow]) -> Ready:
        """Prepare a batch. Another thread can do this while the previous batch is written.

        The rows have passed `row_problem`. A row without an external id gets one from its text.
        """
        talks = [rules.turns(row.messages) for row in rows]
        prompts = [
            incoming(study_id=self.study.id, row=row, talk=talk)
            for row, talk in zip(rows, talks, strict=True)
        ]
        return Ready(rows, prompts, signatures([] if self.dry else talks))

    def add_prompts(self, batch: Ready) -> list[Landed | None]:
        """Write the new prompts of a batch. Return the prompt of each row, or None if invalid.

        Rows with one external id are one prompt, and may each bring responses to it; so are rows
        without an id that have the same text and language. Repeating a row changes nothing. A row
        that differs from an earlier one of its prompt in any other field is an error.
        """
        known = self._known(batch.prompts)
        landed: list[Landed | None] = []
        new: dict[str, int] = {}
        for place, (row, prompt) in enumerate(zip(batch.rows, batch.prompts, strict=True)):
            name = prompt.external_id
            stored, key = known.get(name), hash(name)
            repeats = key in self._marks
            same: Prompt | Incoming = prompt
            if stored is None and not repeats:
                new[name] = place
            elif sentence := self._conflict(row, prompt, stored):
                self.problems.append(RowProblem(row.line, sentence))
                landed.append(None)
                continue
            else:
                self.repeated += repeats
                self.already_there += not repeats
                same = stored or batch.prompts[new.get(name, place)]
            landed.append(self._landed(same, older=stored is not None))
            if not repeats:
                self._marks[key] = row.line << MARK_BITS | mark_of(prompt=prompt)
        self.made += len(new)
        if new and not self.dry:
            self._write(batch, list(new.values()))
        return landed

    def _landed(self, prompt: Prompt | Incoming, *, older: bool) -> Landed:
        return Landed(prompt.id, self.study.id, prompt.language, prompt.split_group, older)

    def _conflict(self, row: PromptRow, prompt: Incoming, stored: Prompt | None) -> str | None:
        """Return how a row differs from an earlier one of its prompt, in the file or the study."""
        words = {"name": repr(prompt.external_id) if row.external_id else _("this prompt")}
        earlier = self._marks.get(hash(prompt.external_id))
        if earlier is not None:
            line, mark = divmod(earlier, 1 << MARK_BITS)
            different = difference(
                first=mark, second=mark_of(prompt=prompt), intensity_said=row.intensity_said
            )
            sentence = _("%(name)s is in line %(line)d with a different %(field)s.")
        else:
            line = 0
            before = mark_of_stored(prompt=stored) if stored else mark_of(prompt=prompt)
            different = difference(
                first=before, second=mark_of(prompt=prompt), intensity_said=row.intensity_said
            )
            sentence = _("%(name)s already exists with a different %(field)s.")
        return sentence % (words | {"line": line, "field": different}) if different else None

    def _known(self, prompts: Sequence[Incoming]) -> dict[str, Prompt]:
        """Return external id → prompt, for those of the study or of an earlier batch."""
        names = [prompt.external_id for prompt in prompts]
        older = {prompt.older_id for prompt in prompts} - {""}
        if not self._any_older:
            names, older = [name for name in names if hash(name) in self._marks], set()
        if not names:
            return {}
        stored = Prompt.objects.filter(study=self.study, external_id__in=[*names, *older])
        known = {prompt.external_id: prompt for prompt in stored}
        for prompt in prompts if older & known.keys() else ():
            before = known.get(prompt.older_id)
            if before and is_of(stored=before, prompt=prompt):
                known.setdefault(prompt.external_id, before)
        rows = {name: self._on_trial.get(hash(name)) for name in names}
        tried = {name: UUID(bytes=NEW_ROW.unpack(row)[2]) for name, row in rows.items() if row}
        new = Prompt.objects.in_bulk(tried.values())
        return known | {name: new[id] for name, id in tried.items()}

    def _write(self, batch: Ready, places: Sequence[int]) -> None:
        prompts = [batch.prompts[place] for place in places]
        self._split_groups.add(prompts, batch.signatures[places])
        if self.trial:
            for place, one in zip(places, prompts, strict=True):
                line, ids = batch.rows[place].line, (one.id.bytes, one.split_group.bytes)
                row = NEW_ROW.pack(line, one.held_out, *ids)
                self._on_trial[hash(one.external_id)] = row
                one.external_id = str(one.id)
        copy_rows(Prompt, ("study_id", "created_at", "version", *COLUMNS), self._rows(prompts))

    def _rows(self, new: Sequence[Incoming]) -> Iterator[list[Any]]:
        study, now = self.study.id, timezone.now()
        for number, prompt in enumerate(new):
            values = list(_VALUES(prompt))
            values[MESSAGES] = Jsonb(values[MESSAGES])
            yield [study, now + timedelta(microseconds=number), 1, *values]

    def add_responses(self, new: Sequence[NewResponse]) -> list[uuid.UUID]:
        """Write responses. Return their ids, in order."""
        with_facts = [(one.facts or facts_of(text=one.text), one.prompt) for one in new]
        hashes = [
            (facts.text_hash, prompt.split_group)
            for facts, prompt in with_facts
            if facts.says_enough
        ]
        stored = {digest for digest, _group in hashes if self._hashes.maybe_stored(digest)}
        self._split_groups.add_responses(hashes, stored=stored)
        return write_responses(study=self.study, new=new)

    def settle(self, sign: Callable[[], None] = lambda: None) -> None:
        """Assign split groups and record the import. `sign` is called from time to time."""
        self._split_groups.settle(sign)
        group_late(study=self.study)
        if self.made:
            audit.record(
                actor=self.actor,
                action=PROMPTS_ADDED,
                study_id=self.study.id,
                about=("study", self.study.id, self.study.title),
                data={"made": self.made, "already_there": self.already_there},
            )

    def group_on_trial(self, sign: Callable[[], None] = lambda: None) -> list[TiedRow]:
        """Assign split groups in a trial. Return the new rows that are grouped with others."""
        self._split_groups.settle(sign)
        now = self._split_groups.now
        held_already: Counter[uuid.UUID] = Counter()
        for group, (prompts, held_out) in self._held_before.items():
            held_already[now(group)] += prompts - held_out
        tied = dict(self._groups("count(*) > 1"))
        rows = []
        for line, row_held_out, _id, first_group in map(NEW_ROW.unpack, self._on_trial.values()):
            group = now(UUID(bytes=first_group))
            if group in tied:
                prompts, held_out = tied[group]
                new = prompts - held_out - held_already[group] if held_out else 0
                rows.append(TiedRow(line, row_held_out, group, prompts - 1, new))
        return rows

    def _groups(self, which: str) -> Iterator[tuple[uuid.UUID, tuple[int, int]]]:
        """Yield split group → (number of prompts, number of held-out ones)."""
        with connection.cursor() as cursor:
            cursor.execute(f"{GROUPS} HAVING {which}", [self.study.id])
            for group, prompts, held_out in cursor:
                yield group, (prompts, held_out)


def write_responses(*, study: Study, new: Sequence[NewResponse]) -> list[uuid.UUID]:
    """Write responses without joining groups. Return their ids, in order."""
    for one in new:
        if one.prompt.study_id != study.id:
            raise Invalid(_("This prompt belongs to another study."))
        if problem := rules.text_problem(one.text, "the response"):
            raise Invalid(problem)
    now = timezone.now()
    ids = [uuid.uuid4() for _one in new]
    rows = (
        (
            id,
            now + timedelta(microseconds=number),
            one.prompt.id,
            one.text,
            facts.text_hash,
            str(one.origin),
            one.language,
            one.source,
            facts.check,
        )
        for number, (id, one) in enumerate(zip(ids, new, strict=True))
        for facts in [one.facts or facts_of(text=one.text)]
    )
    copy_rows(Response, RESPONSE_COLUMNS, rows)
    return ids
