"""Imports prompts and responses: all rows, or with `skip_bad` the valid rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from annotations.models import Prompt, Response
from annotations.rules.prompts import RowProblem
from annotations.services.intake import (
    Intake,
    Landed,
    NewResponse,
    Ready,
    ReplyFacts,
    RowsRefused,
    TiedRow,
    facts_of,
)
from annotations.services.rounds import locked_round
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.batches import ahead, batched, without_collector
from codesign.shared.errors import TooLarge
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Source
from modelhub.permissions import IMPORT
from modelhub.queries.generation import open_judging_round
from modelhub.rules.import_choices import Options
from modelhub.rules.import_words import source_of
from modelhub.rules.imports import MOST_ROWS, ImportRow, ResponseRow
from modelhub.rules.raw_rows import BadRow, Note, Unused
from modelhub.rules.row_reading import About, ReadRows
from modelhub.services import versions, waiting_prompts
from modelhub.services.file_rows import Reading, reading
from modelhub.services.import_options import reading_for
from modelhub.services.imported_marks import FileMarks

BATCH = 500
BATCH_CHARACTERS = 4_000_000
"""Characters of a batch, so that batches of long rows have fewer rows."""
FIRST_ROWS = 5
IMPORTED = action("modelhub.imported", gettext_lazy("imported prompts and responses"))


@dataclass
class ImportReport:
    """The result of an import or of a check."""

    prompts: int = 0
    already_there: int = 0
    responses: int = 0
    tasks: int = 0
    wait_for_round: int = 0
    wait_for_go: int = 0
    """Prompts that a coordinator has to add to the round, see `waiting_prompts`."""
    one_reply: int = 0
    """Prompts that cannot be judged before they have a second, different response."""
    ready: int = 0
    """For checks: prompts that would be judged in the open round."""
    models: set[str] = field(default_factory=set)
    skipped: list[RowProblem] = field(default_factory=list)
    columns_not_used: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    """Sentences about the file, such as what was left out."""
    rows: int = 0
    first: list[ImportRow] = field(default_factory=list)
    """The first valid rows."""
    sources: dict[str, uuid.UUID] = field(default_factory=dict)
    """Source by the name of a model; temporary ones in a check."""
    about: About = field(default_factory=dict)
    """What is known of the file's format."""
    tied: list[TiedRow] = field(default_factory=list)
    """For checks: rows whose prompts would join split groups; those that hold others out first."""

    @property
    def made_held_out(self) -> int:
        """Prompts that would leave training, because their split group would be held out."""
        return sum({row.group: row.made_held_out for row in self.tied}.values())


@dataclass(slots=True)
class Part:
    """A batch of rows of a file, valid and invalid, before the database is used."""

    rows: list[ImportRow] = field(default_factory=list)
    read: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    columns_not_used: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    characters: int = 0

    @property
    def full(self) -> bool:
        """Whether the batch is complete."""
        return self.read == BATCH or self.characters > BATCH_CHARACTERS


Watch = Callable[[ImportReport], None]
Rows = Reading | ReadRows
ReadyPart = tuple[list[ImportRow], Ready, list[list[ReplyFacts]]]
"""Valid rows, their prompts and what is known of their responses, prepared without the database."""


def _unwatched(_report: ImportReport) -> None:
    """No-op callback."""


def import_file(
    *,
    actor: Actor,
    study: Study,
    path: Path,
    skip_bad: bool = False,
    name: str = "",
    watch: Watch = _unwatched,
) -> ImportReport:
    """Import a file; raises RowsRefused if a row is invalid."""
    with reading(path=path, name=name) as rows:
        return import_rows(actor=actor, study=study, rows=rows, skip_bad=skip_bad, watch=watch)


@transaction.atomic
@without_collector()
def import_rows(
    *,
    actor: Actor,
    study: Study,
    rows: Rows,
    skip_bad: bool = False,
    source: str = "",
    watch: Watch = _unwatched,
    confirmed_by: Actor | None = None,
) -> ImportReport:
    """Import rows from `reading` or from a JSON body, in one transaction.

    With `skip_bad`, invalid rows are left out and listed in the report; otherwise RowsRefused is
    raised. A prompt with two or more different responses becomes a task of the study's open
    judging round, or waits for a coordinator if the actor, or the person who confirmed the import,
    may not manage rounds. `source` names where ranks, scores and spans of the file were made (see
    `import_words.source_of`). `watch` is called every few hundred rows, and while split groups and
    tasks are made. If it raises an exception, the import ends and is rolled back.
    """
    require(actor, IMPORT, study)
    lock_until_commit(Lock.IMPORT, study.id)
    decides = waiting_prompts.decides(actor, confirmed_by or actor, study=study)
    report, intake = ImportReport(), Intake(actor=actor, study=study)
    marks = FileMarks(actor=actor, study=study, source=source_of(rows.about, source))
    touched: set[bytes] = set()  # bytes need half the memory of UUIDs
    for part in _read(intake, rows, report, watch):
        # A file with an invalid row is read to its end, to report all errors.
        intake.dry = bool(report.skipped) and not skip_bad
        touched |= {prompt_id.bytes for prompt_id in _import_part(intake, part, report, marks)}
    _finish(report, intake)
    if report.skipped and not skip_bad:
        raise RowsRefused(report.skipped)
    intake.settle(lambda: watch(report))
    marks.finish()
    for prompt_ids in batched((uuid.UUID(bytes=raw) for raw in touched), BATCH):
        _make_tasks(study, prompt_ids, report, decides=decides)
        watch(report)
    audit.record(
        actor=actor,
        action=IMPORTED,
        study_id=study.id,
        about=("study", study.id, study.title),
        data={
            "prompts": report.prompts,
            "responses": report.responses,
            "tasks": report.tasks,
            "wait_for_go": report.wait_for_go,
            "skipped": len(report.skipped),
        },
    )
    return report


@transaction.atomic
@without_collector()
def check_rows(
    *, actor: Actor, study: Study, rows: Rows, watch: Watch = _unwatched
) -> ImportReport:
    """Return what an import with `skip_bad` would do, without keeping or locking anything.

    This runs the import, except for models and tasks, and rolls it back. So the reported split
    groups are exact.
    """
    require(actor, IMPORT, study)
    report = ImportReport()
    intake = Intake(actor=actor, study=study, trial=True)
    touched: set[bytes] = set()
    for part in _read(intake, rows, report, watch):
        touched |= {prompt_id.bytes for prompt_id in _import_part(intake, part, report)}
    _finish(report, intake)
    round = open_judging_round(study_id=study.id)
    for prompt_ids in batched((uuid.UUID(bytes=raw) for raw in touched), BATCH):
        prompts = _for_judging(prompt_ids)
        report.one_reply += waiting_prompts.count_by_replies(prompts=prompts)[0]
        if round:
            report.ready += waiting_prompts.ready(prompts=prompts, round=round).count()
    tied = intake.group_on_trial(lambda: watch(report))
    tied.sort(key=lambda row: (not row.held_out, -row.made_held_out, -row.tied_to, row.line))
    report.tied = tied
    transaction.set_rollback(True)
    return report


def check_file(
    *, actor: Actor, study: Study, path: Path, options: Options | None = None
) -> ImportReport:
    """Return what an import of a file would do, see `check_rows`."""
    with reading_for(study=study, path=path, options=options) as (rows, _used):
        return check_rows(actor=actor, study=study, rows=rows)


def _finish(report: ImportReport, intake: Intake) -> None:
    report.skipped.sort(key=lambda problem: problem.line)
    if intake.repeated:
        sentence = ngettext(
            "%(n)s row repeats the prompt of an earlier row. New responses belong to that prompt.",
            "%(n)s rows repeat the prompt of an earlier row. New responses belong to that prompt.",
            intake.repeated,
        )
        report.notes.append(sentence % {"n": f"{intake.repeated:,}"})


def _read(intake: Intake, rows: Rows, report: ImportReport, watch: Watch) -> Iterator[ReadyPart]:
    """Yield the valid rows in batches, and add the invalid ones to the report.

    A thread reads the next batch while the database handles the current one.
    """
    ready = (
        (
            part,
            intake.ready([row.prompt for row in part.rows]),
            [[facts_of(text=one.text) for one in row.responses] for row in part.rows],
        )
        for part in _parts(rows)
    )
    with closing(ahead(ready)) as parts:
        for part, prompts, facts in parts:
            report.rows += part.read
            report.skipped += part.problems
            report.columns_not_used |= part.columns_not_used
            report.notes += [note for note in part.notes if note not in report.notes]
            report.first += part.rows[: FIRST_ROWS - len(report.first)]
            yield part.rows, prompts, facts
            watch(report)
    report.about = rows.about
    if not report.rows:
        report.skipped.append(RowProblem(1, _("the file has no rows.")))


def _parts(rows: Rows) -> Iterator[Part]:
    part, number = Part(), 0
    for line, raw in rows:
        if isinstance(raw, Note):
            part.notes.append(str(raw))
            continue
        if isinstance(raw, Unused):
            part.columns_not_used.add(str(raw))
            continue
        number += 1
        if number > MOST_ROWS:
            raise TooLarge(
                _("There are more than %(most)s rows. Please split the file.")
                % {"most": f"{MOST_ROWS:,}"}
            )
        part.read += 1
        if isinstance(raw, BadRow):
            part.problems.append(RowProblem(line, str(raw)))
        else:
            part.rows.append(raw)
            part.characters += raw.characters
        if part.full:
            yield part
            part = Part()
    if part.read or part.notes or part.columns_not_used:
        yield part


def _import_part(
    intake: Intake, part: ReadyPart, report: ImportReport, marks: FileMarks | None = None
) -> set[uuid.UUID]:
    """Write a batch, and return the ids of prompts that have responses in it.

    A check keeps no `marks`, which the reader has checked.
    """
    rows, ready, facts = part
    known = len(intake.problems)
    prompts = intake.add_prompts(ready)
    report.prompts, report.already_there = intake.made, intake.already_there
    report.skipped += intake.problems[known:]
    wanted = [
        (prompt, *pair)
        for row, prompt, known_of in zip(rows, prompts, facts, strict=True)
        if prompt
        for pair in zip(row.responses, known_of, strict=True)
    ]
    models = {response.model for _prompt, response, _facts in wanted}
    sources = _sources(intake, models, report.sources)
    report.models |= set(sources) - {""}
    new = _new_responses(wanted, sources)
    report.responses += len(new)
    if new and not intake.dry:
        ids = intake.add_responses([response for response, _row in new])
        if marks:
            marks.add(zip(ids, (row for _response, row in new), strict=True))
    return {prompt.id for prompt, _response, _facts in wanted}


def _sources(
    intake: Intake, names: set[str], sources: dict[str, uuid.UUID]
) -> dict[str, uuid.UUID]:
    """Return the source of each model name; a check uses temporary sources for new names."""
    if (new := names - sources.keys()) and (intake.dry or intake.trial):
        rows = Source.objects.filter(study=intake.study, model_version__name__in=new)
        known = dict(rows.values_list("model_version__name", "id"))
        sources.update({name: known.get(name) or uuid.uuid4() for name in new})
    elif new:
        sources.update({name: _source(intake, name) for name in sorted(new)})
    return {name: sources[name] for name in names}


def _source(intake: Intake, name: str) -> uuid.UUID:
    version = None
    if name:
        version = versions.ensure_imported_model(actor=intake.actor, study=intake.study, name=name)
    return versions.source_of(study=intake.study, version=version).id


def _new_responses(
    wanted: Sequence[tuple[Landed, ResponseRow, ReplyFacts]], sources: dict[str, uuid.UUID]
) -> list[tuple[NewResponse, ResponseRow]]:
    """Return the new responses with their rows. Each text of a model to a prompt comes in once."""
    older = {prompt.id for prompt, _response, _facts in wanted if prompt.older}
    existing: set[tuple[int, str, int]] = set()  # integers are hashed faster than UUIDs
    if older:
        responses = Response.objects.filter(prompt_id__in=older)
        rows = responses.values_list("prompt_id", "text_hash", "source")
        existing.update((prompt.int, digest, source.int) for prompt, digest, source in rows)
    new = []
    for prompt, response, facts in wanted:
        source = sources[response.model]
        key = (prompt.id.int, facts.text_hash, source.int)
        if key in existing:
            continue
        existing.add(key)
        made = NewResponse(
            prompt=prompt,
            text=response.text,
            origin=response.origin,
            source=source,
            language=prompt.language,
            facts=facts,
        )
        new.append((made, response))
    return new


def _make_tasks(
    study: Study, prompt_ids: Sequence[uuid.UUID], report: ImportReport, *, decides: bool
) -> None:
    """Make tasks of prompts with two different responses, except of held-out prompts.

    If the importer may not decide what people are paid to read, these prompts wait.
    """
    round = open_judging_round(study_id=study.id)
    prompts = _for_judging(prompt_ids)
    one_reply, more = waiting_prompts.count_by_replies(prompts=prompts)
    report.one_reply += one_reply
    if round is None:
        report.wait_for_round += more
        return
    locked_round(round_id=round.id)
    if decides:
        report.tasks += waiting_prompts.make_tasks(round=round, prompts=prompts)
        waiting_prompts.forget(prompt_ids=prompt_ids)
    else:
        report.wait_for_go += waiting_prompts.hold(study=study, prompts=prompts, round=round)


def _for_judging(prompt_ids: Sequence[uuid.UUID]) -> QuerySet[Prompt]:
    asked = RawSQL("SELECT unnest(%s::uuid[])", [list(prompt_ids)])  # parsed faster than many
    return Prompt.objects.for_judging().filter(id__in=asked)
