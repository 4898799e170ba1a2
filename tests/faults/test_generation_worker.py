"""A real worker with the real model, killed in the middle of a chunk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from annotations.models import Response, Task
from codesign.jobs.models import Claim, JobMove
from codesign.jobs.rules import JobState
from codesign.jobs.services import tending
from codesign.shared.actors import SYSTEM
from modelhub.models import GenerationItem, GenerationRun
from modelhub.rules.generation import Settings
from modelhub.rules.states import ItemState, RunState
from modelhub.services import generation
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory
from tests.support.running import ROOT, eventually

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PATIENCE = 400.0
"""Seconds. A worker needs ten; many times that where the machine is busy with other tests."""


@contextmanager
def worker(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker for generation on the tests' database and broker, in its own group."""
    address = urlsplit(os.environ["DATABASE_URL"])
    database = str(connection.settings_dict["NAME"])
    environment = os.environ | {
        "CODESIGN_HOME": str(home),
        "DATABASE_URL": urlunsplit(address._replace(path=f"/{database}")),
    }
    command = [sys.executable, "-m", "celery", "-A", "codesign.config.celery", "worker"]
    command += ["--queues", "generation", "--concurrency", "1", "--loglevel", "INFO"]
    with (home / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def home(tmp_path: Path, embedded_model: Path) -> Path:
    (tmp_path / "models").symlink_to(embedded_model.parent)
    return tmp_path


@pytest.fixture
def run() -> GenerationRun:
    cohort = CohortFactory.create()
    texts = ["I can't sleep.", "I feel low today.", "My mother is ill.", "Is it me or is it work?"]
    return generation.start_run(
        actor=SYSTEM,
        study=cohort.study,
        version=ensure_embedded_model(),
        settings=Settings(batch_size=2, max_new_tokens=32, seed=5),
        prompts=add_prompts(cohort.study, *texts),
        round=open_round(cohort),
    )


def test_a_killed_worker_costs_one_chunk_and_nothing_comes_twice(
    run: GenerationRun, home: Path
) -> None:
    items = GenerationItem.objects.filter(run=run)
    claims = Claim.objects.filter(job__subject_id=run.id)
    with worker(home) as first:
        eventually(
            lambda: items.filter(state=ItemState.DONE).exists() and claims.exists(),
            seconds=PATIENCE,
        )
        tending.tend()
        assert JobMove.objects.filter(new=JobState.QUEUED).count() == 1  # the worker lives
        kill(first)
    done = set(items.filter(state=ItemState.DONE).values_list("id", "response_id"))
    dead = list(items.filter(chunk=claims.get().part))
    assert len(dead) == 2
    # Nothing has to time out: the database has seen the worker go.
    eventually(lambda: tending.tend() == 1)
    assert not claims.exists()
    with worker(home):
        ended = GenerationRun.objects.filter(id=run.id, ended_at__isnull=False)
        eventually(ended.exists, seconds=PATIENCE)
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.DONE, "")
    assert done <= set(items.values_list("id", "response_id"))
    assert sorted(items.values_list("attempts", flat=True)) == [1] * 6 + [2] * 2
    assert set(items.filter(attempts=2).values_list("id", flat=True)) == {i.id for i in dead}
    assert Response.objects.count() == items.filter(state=ItemState.DONE).count() == 8
    assert Task.objects.filter(round=run.round).count() == 4
    for item in items:
        assert item.tokens > 0
        assert item.latency_ms > 0
        assert item.finish_reason in ("stop", "length")
