"""Prompts and responses on their way into a study, batch by batch, tied once all are there."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from annotations.models import Prompt, Response
from annotations.permissions import ADD_PROMPTS
from annotations.rules import prompts as rules
from annotations.rules.minhash import REPLY_WORDS, says_enough, sketches
from annotations.rules.prompts import PromptRow, RowProblem
from annotations.rules.text_kinds import Origin
from annotations.rules.texts import first_check, text_hash
from annotations.services.late_ties import tie_late
from annotations.services.split_groups import Ties
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.copying import copy_rows
from codesign.shared.errors import Invalid
from codesign.shared.visible import seen
from codesign.studies.models import Study
from codesign.studies.permissions import require

if TYPE_CHECKING:
    from annotations.rules.minhash import Array

PROMPTS_ADDED = action("annotations.prompts_added", "added prompts")
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
TELLING = {
    "content_hash": "text",
    "category": "category",
    "topics": "list of topics",
    "intensity": "intensity",
    "language": "language",
    "held_out": "“held out”",
    "family": "family",
}
"""What two rows with one external id must have in common, in words."""
_TELLING = attrgetter(*(name for name in TELLING if name != "topics"))
MARK_BITS = 64
MARK = (1 << MARK_BITS) - 1


class RowsRefused(Invalid):
    """Rows that cannot come in; `problems` says where and why."""

    code = "rows_refused"

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(
            f"{len(problems)} rows cannot come in, so none did.",
            {"rows": [str(problem) for problem in problems]},
        )
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class AddedPrompts:
    """What became of the rows: line → prompt for each that is in the study now."""

    by_line: dict[int, Prompt]
    made: int
    already_there: int
    problems: list[RowProblem]


@dataclass(frozen=True, slots=True)
class TiedRow:
    """A row of a file whose prompt would be tied to others, of the study or of the file."""

    line: int
    held_out: bool
    group: uuid.UUID
    tied_to: int
    """So many other prompts."""
    made_held_out: int
    """Of the whole group: prompts that leave training, since one that is held out is among them."""


@dataclass(slots=True)
class Incoming:
    """A row on its way to be a prompt, field by field as the table has them."""

    id: uuid.UUID
    external_id: str
    messages: list[dict[str, str]]
    content_hash: str
    category: str
    topics: list[str]
    intensity: int
    language: str
    held_out: bool
    family: str
    split_group: uuid.UUID
    text_check: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows of a batch with all that can be known of them before the database is asked."""

    rows: Sequence[PromptRow]
    prompts: Sequence[Incoming]
    sketches: Array
    """Empty while nothing is written."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A new prompt of a trial."""

    line: int
    prompt: uuid.UUID
    group: uuid.UUID
    held_out: bool


@dataclass(slots=True)
class Landed:
    """What of a prompt is needed to write responses to it."""

    id: uuid.UUID
    study_id: uuid.UUID
    language: str
    split_group: uuid.UUID
    older: bool
    """There before this batch, perhaps with responses."""


@dataclass(frozen=True, slots=True)
class NewResponse:
    """One response to be written; `source` is opaque here."""

    prompt: Prompt | Landed
    text: str
    origin: Origin
    source: uuid.UUID
    language: str = "en"
    text_hash: str = ""
    """Worked out where it is not given."""


class Intake:
    """One import, in the caller's transaction.

    It locks the split groups of the study until commit: who ties prompts sees every tie made
    before. The study itself stays unlocked, since an import may take minutes; responses that come
    in meanwhile are tied later, see `late_ties`. While `dry`, rows are checked and nothing is
    written. On `trial`, the caller rolls back: nothing is locked, and prompts are written under
    names that no import waits for. Memory: see `Ties`, and 120 bytes a row, 400 on trial.
    """

    def __init__(self, *, actor: Actor, study: Study, trial: bool = False) -> None:
        require(actor, ADD_PROMPTS, study)
        if not trial:
            lock_until_commit(Lock.SPLIT_GROUPS, study.id)
        self.actor, self.study, self.dry, self.trial = actor, study, False, trial
        self.made = self.already_there = 0
        self.problems: list[RowProblem] = []
        self._any_older = Prompt.objects.filter(study=study).exists()
        self._ties = Ties(study)
        self._marks: dict[int, int] = {}
        """Hash of an external id → line where it stood first, and hash of what stood there."""
        self._on_trial: dict[int, NewRow] = {}
        """Hash of an external id → what came in under it."""
        held_out = "count(*) FILTER (WHERE held_out) > 0"
        self._held_before = dict(self._groups(held_out)) if trial else {}

    def ready(self, rows: Sequence[PromptRow]) -> Ready:
        """Work out what can be known of a batch; another thread may, while the last is written.

        The rows are such as `row_problem` finds fine. One without an external id gets one from
        its text.
        """
        said = [rules.turns(row.messages) for row in rows]
        prompts = [_incoming(self.study.id, row, one) for row, one in zip(rows, said, strict=True)]
        return Ready(rows, prompts, sketches([] if self.dry else said))

    def add_prompts(self, batch: Ready) -> list[Landed | None]:
        """Write what is new of a batch; for each row its prompt, None where there is a problem.

        The very same row again changes nothing; the same external id with anything else is a
        problem, and so is one that two lines of a file name.
        """
        known = self._known([prompt.external_id for prompt in batch.prompts])
        looked: list[Landed | None] = []
        new: dict[str, int] = {}
        for place, (row, prompt) in enumerate(zip(batch.rows, batch.prompts, strict=True)):
            name = prompt.external_id
            there, key = known.get(name), hash(name)
            if there is None and key not in self._marks:
                new[name] = place
                same: Prompt | Incoming = prompt
            elif sentence := self._conflict(row, prompt, there):
                self.problems.append(RowProblem(row.line, sentence))
                looked.append(None)
                continue
            else:
                self.already_there += 1
                same = there or batch.prompts[new.get(name, place)]
            looked.append(self._landed(same, older=there is not None))
            if key not in self._marks:
                self._marks[key] = row.line << MARK_BITS | _mark(prompt)
        self.made += len(new)
        if new and not self.dry:
            self._write(batch, list(new.values()))
        return looked

    def _landed(self, prompt: Prompt | Incoming, *, older: bool) -> Landed:
        return Landed(prompt.id, self.study.id, prompt.language, prompt.split_group, older)

    def _conflict(self, row: PromptRow, prompt: Incoming, there: Prompt | None) -> str | None:
        name = prompt.external_id
        seen = self._marks.get(hash(name))
        first, mark = divmod(seen, 1 << MARK_BITS) if seen is not None else (row.line, None)
        if first != row.line and row.external_id:
            return f"the external_id {name!r} stands in line {first} already."
        if there and (different := _difference(there, prompt)):
            return f"{name!r} is already there with another {different}."
        if mark is not None and mark != _mark(prompt):
            return f"line {first} has the same prompt, with another category or the like."
        return None

    def _known(self, names: Sequence[str]) -> dict[str, Prompt]:
        """Prompts of these names that are in the study, or that came with an earlier batch."""
        if not self._any_older:
            names = [name for name in names if hash(name) in self._marks]
        if not names:
            return {}
        found = Prompt.objects.filter(study=self.study, external_id__in=names)
        known = {prompt.external_id: prompt for prompt in found}
        tried = {name: self._on_trial.get(hash(name)) for name in names}
        there = Prompt.objects.in_bulk([row.prompt for row in tried.values() if row])
        return known | {name: there[row.prompt] for name, row in tried.items() if row}

    def _write(self, batch: Ready, places: Sequence[int]) -> None:
        prompts = [batch.prompts[place] for place in places]
        self._ties.add(prompts, batch.sketches[places])
        if self.trial:
            for place, one in zip(places, prompts, strict=True):
                row = NewRow(batch.rows[place].line, one.id, one.split_group, one.held_out)
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
        """Write responses; their ids, in order."""
        self._ties.add_responses(
            [
                (one.text_hash or text_hash(one.text), one.prompt.split_group)
                for one in new
                if says_enough(one.text, REPLY_WORDS)
            ]
        )
        return write_responses(study=self.study, new=new)

    def settle(self, sign: Callable[[], None] = lambda: None) -> None:
        """Tie what came in, and put it on record; `sign` is called now and then meanwhile."""
        self._ties.settle(sign)
        tie_late(study=self.study)
        if self.made:
            audit.record(
                actor=self.actor,
                action=PROMPTS_ADDED,
                study_id=self.study.id,
                about=("study", self.study.id, self.study.title),
                data={"made": self.made, "already_there": self.already_there},
            )

    def tie_on_trial(self, sign: Callable[[], None] = lambda: None) -> list[TiedRow]:
        """Tie what came in on trial; each new row whose prompt is tied to others."""
        self._ties.settle(sign)
        now = self._ties.now
        held_already: Counter[uuid.UUID] = Counter()
        for group, (prompts, held_out) in self._held_before.items():
            held_already[now(group)] += prompts - held_out
        tied = dict(self._groups("count(*) > 1"))
        rows = []
        for row in self._on_trial.values():
            group = now(row.group)
            if group in tied:
                prompts, held_out = tied[group]
                new = prompts - held_out - held_already[group] if held_out else 0
                rows.append(TiedRow(row.line, row.held_out, group, prompts - 1, new))
        return rows

    def _groups(self, which: str) -> Iterator[tuple[uuid.UUID, tuple[int, int]]]:
        """Split group → how many prompts it has, and how many of those are held out."""
        with connection.cursor() as cursor:
            cursor.execute(f"{GROUPS} HAVING {which}", [self.study.id])
            for group, prompts, held_out in cursor:
                yield group, (prompts, held_out)


def write_responses(*, study: Study, new: Sequence[NewResponse]) -> list[uuid.UUID]:
    """Write responses, and tie nothing; their ids, in order."""
    for one in new:
        if one.prompt.study_id != study.id:
            raise Invalid("This prompt is part of another study.")
        if problem := rules.text_problem(one.text, "the response"):
            raise Invalid(problem)
    now = timezone.now()
    ids = [uuid.uuid4() for _ in new]
    rows = (
        (
            id,
            now + timedelta(microseconds=number),
            one.prompt.id,
            one.text,
            one.text_hash or text_hash(one.text),
            str(one.origin),
            one.language,
            one.source,
            first_check(one.text),
        )
        for number, (id, one) in enumerate(zip(ids, new, strict=True))
    )
    copy_rows(Response, RESPONSE_COLUMNS, rows)
    return ids


def _incoming(study_id: uuid.UUID, row: PromptRow, said: Sequence[str]) -> Incoming:
    digest = rules.hash_of_turns(said)
    return Incoming(
        id=uuid.uuid4(),
        external_id=seen(row.external_id) or f"text-{digest[:16]}",
        messages=[{"role": m["role"], "content": m["content"]} for m in row.messages],
        content_hash=digest,
        category=str(row.category),
        topics=[" ".join(topic.split()) for topic in row.topics],
        intensity=row.intensity,
        language=row.language,
        held_out=row.held_out,
        family=seen(row.family),
        split_group=rules.first_group(study_id, digest),
        text_check=first_check(*(m["content"] for m in row.messages)),
    )


def _mark(prompt: Incoming) -> int:
    """A number by which two rows with one external id are the same in all that counts."""
    return hash((*_TELLING(prompt), *prompt.topics)) & MARK


def _difference(there: Prompt, prompt: Incoming) -> str | None:
    """The first thing that is not the same, in words; None where all is."""
    for name, words in TELLING.items():
        if getattr(there, name) != getattr(prompt, name):
            return words
    return None
