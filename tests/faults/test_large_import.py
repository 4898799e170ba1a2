"""During a large import, studies can be paused, and leases and chunks are saved."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from annotations.models import Prompt, Round, Task, UngroupedResponse
from annotations.services.late_grouping import wait_and_group_late
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from codesign.studies.rules import StudyState
from codesign.studies.services import change_state
from modelhub.models import GenerationRun
from modelhub.rules.generation import Settings
from modelhub.rules.row_reading import rows_of
from modelhub.rules.states import RunState
from modelhub.services import chunks
from modelhub.services.imports import ImportReport, import_rows
from tests.factories.annotations import judge, judging_round, lease
from tests.support.generation_runs import answers, claimed, finish, start
from tests.support.together import closing

pytestmark = pytest.mark.django_db(transaction=True)

REPLY = " ".join(f"word{number}" for number in range(30))
ROWS = [
    {"prompt": "I cannot sleep.", "external_id": "a", "responses": [REPLY, "Tell me more."]},
    {"prompt": "My hands shake.", "external_id": "b", "responses": ["Since when?", "Oh no."]},
]
SOON = 20.0
"""Seconds on a busy machine; who waits for the import waits for ever."""


class Halted:
    """An import that halts where it is told to, until it may go on."""

    def __init__(self, study: Study, where: Callable[[ImportReport], bool]) -> None:
        self.study, self.where = study, where
        self.halts, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self) -> ImportReport:
        rows = rows_of(ROWS)
        return import_rows(actor=SYSTEM, study=self.study, rows=rows, watch=self.watch)

    def watch(self, report: ImportReport) -> None:
        if self.where(report) and not self.halts.is_set():
            self.halts.set()
            assert self.may_go_on.wait(120)


@contextmanager
def halted(
    study: Study, where: Callable[[ImportReport], bool]
) -> Iterator[tuple[ThreadPoolExecutor, Future[ImportReport]]]:
    one = Halted(study, where)
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(closing, one)
        assert one.halts.wait(60)
        try:
            yield pool, running
        finally:
            one.may_go_on.set()
        running.result(60)


def rows_are_written(report: ImportReport) -> bool:
    return report.rows > 0


def tasks_are_made(report: ImportReport) -> bool:
    return report.tasks > 0


def started(round: Round) -> GenerationRun:
    return start(round.study, round=round, settings=Settings(batch_size=2))


def written(run: GenerationRun, *texts: str) -> Callable[[], Any]:
    """Keep the next chunk, its first responses with these texts."""
    work = claimed(run)
    drafts = answers(work)
    drafts = [replace(one, text=text) for one, text in zip(drafts, texts, strict=False)] + drafts[
        len(texts) :
    ]
    return lambda: chunks.save_chunk(work=work, drafts=drafts)


@pytest.mark.parametrize("where", [rows_are_written, tasks_are_made])
def test_a_study_is_paused_while_a_file_is_imported(
    where: Callable[[ImportReport], bool],
) -> None:
    member = judge()
    round = judging_round(member.cohort)
    run = started(round)
    with halted(member.study, where) as (pool, running):
        began = time.monotonic()
        assert pool.submit(closing, lambda: lease(member)).result(SOON)
        pool.submit(closing, written(run)).result(SOON)

        def pause() -> None:
            change_state(actor=SYSTEM, study=member.study, state=StudyState.PAUSED)

        pool.submit(closing, pause).result(SOON)
        assert not running.done()
        assert time.monotonic() - began < SOON
    assert Prompt.objects.filter(external_id__in="ab").count() == 2


def test_a_response_saved_during_an_import_joins_its_split_group_later() -> None:
    member = judge()
    round = judging_round(member.cohort, tasks=0)
    run = started(round)
    with halted(member.study, rows_are_written) as (pool, _):
        pool.submit(closing, written(run, REPLY)).result(SOON)
        assert UngroupedResponse.objects.count() == 1
    wait_and_group_late(study=member.study)
    assert not UngroupedResponse.objects.exists()
    same = Prompt.objects.filter(responses__text=REPLY)
    assert same.count() == 2
    assert same.values("split_group").distinct().count() == 1
    assert Prompt.objects.values("split_group").distinct().count() == Prompt.objects.count() - 1


def test_tasks_missed_during_an_import_are_made_with_a_later_chunk() -> None:
    member = judge()
    round = judging_round(member.cohort, tasks=0)
    run = started(round)
    with halted(member.study, tasks_are_made) as (pool, _):
        pool.submit(closing, written(run)).result(SOON)
        run.refresh_from_db()
        assert run.tasks_wait
    finish(run)
    assert (run.state, run.tasks_wait, run.tasks_made) == (RunState.DONE, False, 3)
    assert Task.objects.filter(round=round).count() == 5
