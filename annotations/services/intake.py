"""Import prompts and responses in batches, and assign split groups at the end."""

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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from psycopg.types.json import Jsonb

from annotations.models import Prompt, Response
from annotations.permissions import ADD_PROMPTS
from annotations.rules import prompts as rules
from annotations.rules.minhash import REPLY_WORDS, says_enough, signatures
from annotations.rules.prompts import PromptRow, RowProblem
from annotations.rules.text_kinds import Origin
from annotations.rules.texts import first_check, text_hash
from annotations.services.late_grouping import group_late
from annotations.services.split_groups import SplitGroupBuilder
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
TELLING = {
    "content_hash": gettext_lazy("text"),
    "category": gettext_lazy("category"),
    "topics": gettext_lazy("list of topics"),
    "intensity": gettext_lazy("intensity"),
    "language": gettext_lazy("language"),
    "held_out": gettext_lazy("“held out”"),
    "family": gettext_lazy("family"),
}
"""Field → label, for the fields that must be equal in rows with the same external id."""
_TELLING = attrgetter(*(name for name in TELLING if name != "topics"))
MARK_BITS = 64
MARK = (1 << MARK_BITS) - 1


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


@dataclass(slots=True)
class Incoming:
    """A row of an import, with the fields of the table of prompts."""

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
    """Rows of a batch, prepared as far as possible without the database."""

    rows: Sequence[PromptRow]
    prompts: Sequence[Incoming]
    signatures: Array
    """Empty in a dry run."""


@dataclass(frozen=True, slots=True)
class NewRow:
    """A new prompt in a trial."""

    line: int
    prompt: uuid.UUID
    group: uuid.UUID
    held_out: bool


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
class NewResponse:
    """A response to write. `source` is opaque here."""

    prompt: Prompt | Landed
    text: str
    origin: Origin
    source: uuid.UUID
    language: str = "en"
    text_hash: str = ""
    """Computed if empty."""


class Intake:
    """One import, in the caller's transaction.

    Locks the split groups of the study until commit, so that each import sees all earlier groups.
    The study itself is not locked, because an import can take minutes; responses that are written
    in the meantime are grouped later, see `late_grouping`. In a dry run (`dry`), rows are checked
    and nothing is written. In a `trial`, the caller rolls back: nothing is locked, and prompts get ids
    that no import waits for. Memory: see `SplitGroupBuilder`, and 120 bytes for each row (400 in
    a trial).
    """

    def __init__(self, *, actor: Actor, study: Study, trial: bool = False) -> None:
        require(actor, ADD_PROMPTS, study)
        if not trial:
            lock_until_commit(Lock.SPLIT_GROUPS, study.id)
        self.actor, self.study, self.dry, self.trial = actor, study, False, trial
        self.made = self.already_there = 0
        self.problems: list[RowProblem] = []
        self._any_older = Prompt.objects.filter(study=study).exists()
        self._split_groups = SplitGroupBuilder(study)
        self._marks: dict[int, int] = {}
        """Hash of an external id → its first line, and a hash of that row."""
        self._on_trial: dict[int, NewRow] = {}
        """Hash of an external id → its new prompt in a trial."""
        held_out = "count(*) FILTER (WHERE held_out) > 0"
        self._held_before = dict(self._groups(held_out)) if trial else {}

    def ready(self, rows: Sequence[PromptRow]) -> Ready:
        """Prepare a batch. Another thread can do this while the previous batch is written.

        The rows have passed `row_problem`. A row without an external id gets one from its text.
        """
        talks = [rules.turns(row.messages) for row in rows]
        prompts = [
            _incoming(self.study.id, row, talk) for row, talk in zip(rows, talks, strict=True)
        ]
        return Ready(rows, prompts, signatures([] if self.dry else talks))

    def add_prompts(self, batch: Ready) -> list[Landed | None]:
        """Write the new prompts of a batch. Return the prompt of each row, or None if invalid.

        Repeating a row changes nothing. The same external id with other content is an error, and so
        is an external id on two lines of a file.
        """
        known = self._known([prompt.external_id for prompt in batch.prompts])
        landed: list[Landed | None] = []
        new: dict[str, int] = {}
        for place, (row, prompt) in enumerate(zip(batch.rows, batch.prompts, strict=True)):
            name = prompt.external_id
            stored, key = known.get(name), hash(name)
            if stored is None and key not in self._marks:
                new[name] = place
                same: Prompt | Incoming = prompt
            elif sentence := self._conflict(row, prompt, stored):
                self.problems.append(RowProblem(row.line, sentence))
                landed.append(None)
                continue
            else:
                self.already_there += 1
                same = stored or batch.prompts[new.get(name, place)]
            landed.append(self._landed(same, older=stored is not None))
            if key not in self._marks:
                self._marks[key] = row.line << MARK_BITS | _mark(prompt)
        self.made += len(new)
        if new and not self.dry:
            self._write(batch, list(new.values()))
        return landed

    def _landed(self, prompt: Prompt | Incoming, *, older: bool) -> Landed:
        return Landed(prompt.id, self.study.id, prompt.language, prompt.split_group, older)

    def _conflict(self, row: PromptRow, prompt: Incoming, stored: Prompt | None) -> str | None:
        name = prompt.external_id
        earlier = self._marks.get(hash(name))
        first, mark = divmod(earlier, 1 << MARK_BITS) if earlier is not None else (row.line, None)
        if first != row.line and row.external_id:
            words = _("the external_id %(name)s is already used in line %(line)d.")
            return words % {"name": repr(name), "line": first}
        if stored and (different := _difference(stored, prompt)):
            words = _("%(name)s already exists with a different %(field)s.")
            return words % {"name": repr(name), "field": different}
        if mark is not None and mark != _mark(prompt):
            words = _("line %(line)d has the same prompt with different fields.")
            return words % {"line": first}
        return None

    def _known(self, names: Sequence[str]) -> dict[str, Prompt]:
        """Return prompts with these external ids, of the study or of an earlier batch."""
        if not self._any_older:
            names = [name for name in names if hash(name) in self._marks]
        if not names:
            return {}
        stored = Prompt.objects.filter(study=self.study, external_id__in=names)
        known = {prompt.external_id: prompt for prompt in stored}
        tried = {name: self._on_trial.get(hash(name)) for name in names}
        new = Prompt.objects.in_bulk([row.prompt for row in tried.values() if row])
        return known | {name: new[row.prompt] for name, row in tried.items() if row}

    def _write(self, batch: Ready, places: Sequence[int]) -> None:
        prompts = [batch.prompts[place] for place in places]
        self._split_groups.add(prompts, batch.signatures[places])
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
        """Write responses. Return their ids, in order."""
        self._split_groups.add_responses(
            [
                (one.text_hash or text_hash(one.text), one.prompt.split_group)
                for one in new
                if says_enough(one.text, REPLY_WORDS)
            ]
        )
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
        for row in self._on_trial.values():
            group = now(row.group)
            if group in tied:
                prompts, held_out = tied[group]
                new = prompts - held_out - held_already[group] if held_out else 0
                rows.append(TiedRow(row.line, row.held_out, group, prompts - 1, new))
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


def _incoming(study_id: uuid.UUID, row: PromptRow, talk: Sequence[str]) -> Incoming:
    digest = rules.hash_of_turns(talk)
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
    """Return a hash of the fields that must be equal in rows with the same external id."""
    return hash((*_TELLING(prompt), *prompt.topics)) & MARK


def _difference(stored: Prompt, prompt: Incoming) -> str | None:
    """Return the label of the first field that differs, or None."""
    for name, words in TELLING.items():
        if getattr(stored, name) != getattr(prompt, name):
            return str(words)
    return None
