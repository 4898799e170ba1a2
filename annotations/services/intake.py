"""Prompts and responses on their way into a study, batch by batch, tied once all are there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from psycopg.types.json import Jsonb

from annotations.models import Prompt, Response
from annotations.permissions import ADD_PROMPTS
from annotations.rules import prompts as rules
from annotations.rules.prompts import PromptRow, RowProblem
from annotations.rules.sketches import sketches
from annotations.rules.states import Origin
from annotations.rules.texts import text_hash
from annotations.services.ties import Ties
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.copying import copy_rows
from codesign.shared.errors import Invalid
from codesign.studies.models import Study
from codesign.studies.permissions import require

if TYPE_CHECKING:
    from annotations.rules.sketches import Array

PROMPTS_ADDED = action("annotations.prompts_added", "added prompts")
PROMPT_COLUMNS = [
    "id",
    "created_at",
    "study_id",
    "external_id",
    "version",
    "messages",
    "content_hash",
    "category",
    "topics",
    "intensity",
    "language",
    "held_out",
    "family",
    "split_group",
    "sketch",
]
RESPONSE_COLUMNS = [
    "id",
    "created_at",
    "prompt_id",
    "text",
    "text_hash",
    "origin",
    "language",
    "source",
]
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
class NewResponse:
    """One response to be written; `source` is opaque here."""

    prompt: Prompt
    text: str
    origin: Origin
    source: uuid.UUID
    language: str = "en"
    text_hash: str = ""
    """Worked out where it is not given."""


class Intake:
    """One import, in the caller's transaction.

    While `dry`, rows are looked at and nothing is written. Otherwise the study is locked: whoever
    ties prompts of a study sees every tie made before. Memory: see `Ties`, and 200 bytes a row.
    """

    def __init__(self, *, actor: Actor, study: Study, dry: bool = False) -> None:
        require(actor, ADD_PROMPTS, study)
        if not dry:
            Study.objects.select_for_update(no_key=True).get(id=study.id)
        self.actor, self.study, self.dry = actor, study, dry
        self.made = self.already_there = 0
        self.problems: list[RowProblem] = []
        self._ties = Ties(study)
        self._marks: dict[str, tuple[int, int]] = {}

    def add_prompts(self, rows: Sequence[PromptRow]) -> list[Prompt | None]:
        """Write what is new of a batch; for each row its prompt, None where there is a problem.

        The rows are such as `row_problem` finds fine. One without an external id gets one from
        its text. The very same row again changes nothing; the same external id with anything else
        is a problem.
        """
        said = [rules.turns(row.messages) for row in rows]
        read = [_prompt_of(self.study, row, turns) for row, turns in zip(rows, said, strict=True)]
        known = self._known([prompt.external_id for prompt in read])
        looked: list[Prompt | None] = []
        new: list[tuple[Prompt, list[str]]] = []
        for row, prompt, turns in zip(rows, read, said, strict=True):
            there = known.get(prompt.external_id)
            if sentence := self._conflict(row.line, prompt, there):
                self.problems.append(RowProblem(row.line, sentence))
                looked.append(None)
            elif there or prompt.external_id in self._marks:
                self.already_there += 1
                looked.append(there or prompt)
            else:
                new.append((prompt, turns))
                looked.append(prompt)
                known[prompt.external_id] = prompt
            self._marks.setdefault(prompt.external_id, (row.line, _mark(prompt)))
        self.made += len(new)
        if new and not self.dry:
            self._write(new)
        return looked

    def _conflict(self, line: int, prompt: Prompt, there: Prompt | None) -> str | None:
        if there and (different := _difference(there, prompt)):
            return f"{prompt.external_id!r} is already there with another {different}."
        first, mark = self._marks.get(prompt.external_id, (line, None))
        if mark is not None and mark != _mark(prompt):
            return f"line {first} has the same prompt, with another category or the like."
        return None

    def _known(self, names: Sequence[str]) -> dict[str, Prompt]:
        """Prompts of these names that are in the study, or that came with an earlier batch."""
        if not self._ties.any_older:
            names = [name for name in names if name in self._marks]
        if not names:
            return {}
        found = Prompt.objects.filter(study=self.study, external_id__in=names)
        return {prompt.external_id: prompt for prompt in found.defer("sketch")}

    def _write(self, new: Sequence[tuple[Prompt, list[str]]]) -> None:
        prompts, said = zip(*new, strict=True)
        table = sketches(said)
        copy_rows(Prompt, PROMPT_COLUMNS, _prompt_rows(prompts, table))
        self._ties.add(prompts, table)

    def add_responses(self, new: Sequence[NewResponse]) -> list[Response]:
        """Write responses, in order."""
        now = timezone.now()
        made = []
        for number, one in enumerate(new):
            if one.prompt.study_id != self.study.id:
                raise Invalid("This prompt is part of another study.")
            if problem := rules.text_problem(one.text, "the response"):
                raise Invalid(problem)
            made.append(
                Response(
                    created_at=now + timedelta(microseconds=number),
                    prompt=one.prompt,
                    text=one.text,
                    text_hash=one.text_hash or text_hash(one.text),
                    origin=one.origin,
                    language=one.language,
                    source=one.source,
                )
            )
        self._ties.add_responses((one.text_hash, one.prompt.split_group) for one in made)
        copy_rows(
            Response,
            RESPONSE_COLUMNS,
            ([getattr(one, name) for name in RESPONSE_COLUMNS] for one in made),
        )
        return made

    def settle(self) -> None:
        """Tie what came in, and put it on record."""
        self._ties.settle()
        if self.made:
            audit.record(
                actor=self.actor,
                action=PROMPTS_ADDED,
                study_id=self.study.id,
                about=("study", self.study.id, self.study.title),
                data={"made": self.made, "already_there": self.already_there},
            )


def _prompt_of(study: Study, row: PromptRow, said: Sequence[str]) -> Prompt:
    digest = rules.hash_of_turns(said)
    return Prompt(
        study_id=study.id,
        external_id=row.external_id.strip() or f"text-{digest[:16]}",
        messages=[{"role": m["role"], "content": m["content"]} for m in row.messages],
        content_hash=digest,
        category=row.category,
        topics=[" ".join(topic.split()) for topic in row.topics],
        intensity=row.intensity,
        language=row.language,
        held_out=row.held_out,
        family=row.family.strip(),
        split_group=rules.first_group(study.id, digest),
    )


def _telling(prompt: Prompt) -> list[Any]:
    return [getattr(prompt, name) for name in TELLING]


def _mark(prompt: Prompt) -> int:
    return hash(tuple(map(str, _telling(prompt))))


def _difference(there: Prompt, prompt: Prompt) -> str | None:
    """The first thing that is not the same, in words; None where all is."""
    for words, old, new in zip(TELLING.values(), _telling(there), _telling(prompt), strict=True):
        if old != new:
            return words
    return None


def _prompt_rows(new: Sequence[Prompt], table: Array) -> Iterator[list[Any]]:
    now = timezone.now()
    for number, prompt in enumerate(new):
        prompt.created_at = now + timedelta(microseconds=number)
        prompt.sketch = table[number].tobytes()
        yield [
            Jsonb(prompt.messages) if name == "messages" else getattr(prompt, name)
            for name in PROMPT_COLUMNS
        ]
