"""Prompts and responses from a file: all of it, or with `skip_bad` all that is fine."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import transaction

from annotations.models import Prompt, Response, Task
from annotations.rules.prompts import RowProblem
from annotations.rules.texts import text_hash
from annotations.services import prompts as prompt_services
from annotations.services.prompts import NewResponse, RowsRefused
from annotations.services.rounds import add_tasks
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Source
from modelhub.permissions import IMPORT
from modelhub.queries.generation import open_judging_round
from modelhub.rules.imports import COLUMNS, BadRow, ImportRow, ResponseRow, import_row
from modelhub.services import versions
from modelhub.services.files import Row, read_rows

BATCH = 500
IMPORTED = action("modelhub.imported", "imported prompts and responses")


@dataclass
class ImportReport:
    """What came of an import."""

    prompts: int = 0
    already_there: int = 0
    responses: int = 0
    tasks: int = 0
    wait_for_round: int = 0
    models: set[str] = field(default_factory=set)
    skipped: list[RowProblem] = field(default_factory=list)
    columns_not_used: set[str] = field(default_factory=set)


def import_file(*, actor: Actor, study: Study, path: Path, skip_bad: bool = False) -> ImportReport:
    """Import a JSONL, CSV or Parquet file; RowsRefused and nothing imported if a row is bad."""
    return import_rows(actor=actor, study=study, rows=read_rows(path=path), skip_bad=skip_bad)


@transaction.atomic
def import_rows(
    *, actor: Actor, study: Study, rows: Iterable[Row], skip_bad: bool = False
) -> ImportReport:
    """Import rows as `read_rows` gives them, in one transaction.

    With `skip_bad`, bad rows are left out and listed in the report. A prompt that has two or more
    different responses afterwards becomes a task of the study's open judging round.
    """
    require(actor, IMPORT, study)
    report = ImportReport()
    touched: set[uuid.UUID] = set()
    good = _good_rows(rows, report)
    while batch := list(islice(good, BATCH)):
        touched |= _import_batch(actor, study, batch, report)
    if report.skipped and not skip_bad:
        raise RowsRefused(sorted(report.skipped, key=lambda problem: problem.line))
    report.skipped.sort(key=lambda problem: problem.line)
    _make_tasks(study, touched, report)
    audit.record(
        actor=actor,
        action=IMPORTED,
        study_id=study.id,
        about=("study", study.id, study.title),
        data={
            "prompts": report.prompts,
            "responses": report.responses,
            "tasks": report.tasks,
            "skipped": len(report.skipped),
        },
    )
    return report


def _good_rows(rows: Iterable[Row], report: ImportReport) -> Iterator[ImportRow]:
    """Rows that can be read; the others go into the report."""
    lines: dict[str, int] = {}
    empty = True
    for line, raw in rows:
        empty = False
        try:
            if isinstance(raw, BadRow):
                raise raw
            row = import_row(raw, line=line)
            named = row.prompt.external_id.strip()
            if named and (first := lines.setdefault(named, line)) != line:
                raise BadRow(f"the external_id {named!r} stands in line {first} already.")
        except BadRow as problem:
            report.skipped.append(RowProblem(line, str(problem)))
            continue
        report.columns_not_used |= set(map(str, raw)) - COLUMNS
        yield row
    if empty:
        report.skipped.append(RowProblem(1, "the file holds no rows."))


def _import_batch(
    actor: Actor, study: Study, batch: Sequence[ImportRow], report: ImportReport
) -> set[uuid.UUID]:
    """Write a batch; the prompts that came with responses."""
    added = prompt_services.add_prompts(
        actor=actor, study=study, rows=[row.prompt for row in batch], skip_bad=True
    )
    report.prompts += added.made
    report.already_there += added.already_there
    report.skipped += added.problems
    wanted = [
        (added.by_line[row.prompt.line], response)
        for row in batch
        if row.prompt.line in added.by_line
        for response in row.responses
    ]
    sources = _sources(actor, study, {response.model for _, response in wanted})
    report.models |= set(sources) - {""}
    new = _not_there_yet(wanted, sources)
    report.responses += len(prompt_services.add_responses(actor=actor, study=study, new=new))
    return {prompt.id for prompt, _ in wanted}


def _sources(actor: Actor, study: Study, names: set[str]) -> dict[str, Source]:
    found = {}
    for name in sorted(names):
        version = (
            versions.ensure_imported_model(actor=actor, study=study, name=name) if name else None
        )
        found[name] = versions.source_of(study=study, version=version)
    return found


def _not_there_yet(
    wanted: Sequence[tuple[Prompt, ResponseRow]], sources: dict[str, Source]
) -> list[NewResponse]:
    """What is new: the same text of the same model to the same prompt comes in once."""
    there = set(
        Response.objects.filter(prompt_id__in={prompt.id for prompt, _ in wanted}).values_list(
            "prompt_id", "text_hash", "source"
        )
    )
    new = []
    for prompt, response in wanted:
        source = sources[response.model].id
        key = (prompt.id, text_hash(response.text), source)
        if key in there:
            continue
        there.add(key)
        new.append(
            NewResponse(
                prompt=prompt,
                text=response.text,
                origin=response.origin,
                source=source,
                language=prompt.language,
            )
        )
    return new


def _make_tasks(study: Study, prompt_ids: set[uuid.UUID], report: ImportReport) -> None:
    """Prompts that can be compared now become tasks; held-out ones wait for an evaluation."""
    round = open_judging_round(study_id=study.id)
    prompts = Prompt.objects.filter(id__in=prompt_ids, held_out=False, withdrawn_at=None)
    if round is not None:
        prompts = prompts.exclude(id__in=Task.objects.filter(round=round).values("prompt_id"))
    by_prompt: dict[uuid.UUID, dict[str, Response]] = {}
    written = Response.objects.filter(prompt__in=prompts, withdrawn_at=None)
    for response in written.order_by("created_at", "id"):
        by_prompt.setdefault(response.prompt_id, {}).setdefault(response.text_hash, response)
    items = [
        (prompt, list(by_prompt[prompt.id].values()))
        for prompt in prompts.order_by("external_id")
        if len(by_prompt.get(prompt.id, {})) > 1
    ]
    if round is None:
        report.wait_for_round = len(items)
    elif items:
        # Whoever may import may not always manage rounds; this is what an import is for.
        report.tasks = len(add_tasks(actor=SYSTEM, round=round, items=items))
