"""Imports from the command line are jobs: seen, cancelled and continued like any other."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Prompt
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.jobs.services import tending
from codesign.shared.actors import SYSTEM
from codesign.shared.advisory_locks import Lock, try_lock_session
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import Upload
from modelhub.queries.uploads import KIND, path_of
from modelhub.rules.states import UploadState
from modelhub.services import uploads
from modelhub.services.uploads import MOST_PROBLEMS
from tests.factories.studies import StudyFactory, staff
from tests.support import jobs
from tests.support.running import eventually
from tests.support.together import LONGEST

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def study(db: None) -> Study:
    return StudyFactory.create()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, *({"prompt": f"Worry {number}."} for number in range(3)))


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "prompts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(study: Study, file: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_prompts", study.slug, str(file), *options, stdout=out)
    return out.getvalue()


def files_of_imports() -> set[Path]:
    return set(Path(settings.UPLOADS_DIR).glob("*"))


def test_the_history_of_jobs_shows_the_import(study: Study, file: Path) -> None:
    coordinator = staff(study)
    assert "3 prompts imported" in run(study, file, f"--as={coordinator.user.email}")
    job = Job.objects.get()
    assert (job.kind, job.state, job.label) == (KIND, JobState.DONE, "prompts.jsonl")
    assert (job.done, job.total, job.attempts) == (3, 3, 1)
    assert job.requested_by_id == coordinator.user.id
    client = Client()
    client.force_login(coordinator.user)
    page = client.get(reverse("desk:jobs", args=[study.slug])).content.decode()
    assert "prompts.jsonl" in page
    assert "3 of 3 rows" in page
    upload = Upload.objects.get()
    page = client.get(reverse("modelhub:upload", args=[study.slug, upload.id])).content.decode()
    assert "Imported" in page


@pytest.mark.django_db(transaction=True)
def test_the_copy_of_the_file_is_deleted_and_the_file_stays(file: Path) -> None:
    before = files_of_imports()
    run(StudyFactory.create(), file)
    assert files_of_imports() == before
    assert file.exists()


@contextmanager
def another_import(study: Study) -> Iterator[None]:
    """Another import of the study, which takes as long as the block."""
    beside = connections.create_connection("default")
    try:
        assert try_lock_session(Lock.IMPORT, study.id, using=beside)
        yield
    finally:
        beside.close()


def started(study: Study, file: Path) -> ForkProcess:
    """The command in a process of its own, which waits for another import."""

    def work() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            run(study, file)
        except CommandError as error:
            file.with_name("said").write_text(str(error))

    connection.close()
    process = FORK.Process(target=work)
    process.start()
    eventually(lambda: Job.objects.filter(reason__startswith="Another import").exists())
    return process


@pytest.mark.django_db(transaction=True)
def test_a_command_waits_for_another_import_of_the_study(file: Path) -> None:
    study = StudyFactory.create()
    with another_import(study):
        process = started(study, file)
    process.join(LONGEST)
    assert (process.exitcode, Job.objects.get().state) == (0, JobState.DONE)
    assert Prompt.objects.filter(study=study).count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_worker_continues_after_the_command_was_killed(file: Path) -> None:
    study = StudyFactory.create()
    with another_import(study):
        process = started(study, file)
        process.kill()
        process.join(LONGEST)
    file.unlink()
    Job.objects.update(due_at=timezone.now())
    assert tending.tend() == 1
    assert jobs.run(KIND, Upload.objects.get().id).state == JobState.DONE
    assert Prompt.objects.filter(study=study).count() == 3
    assert not path_of(upload=Upload.objects.get()).exists()


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_cancels_the_import(file: Path) -> None:
    study = StudyFactory.create()
    with another_import(study):
        process = started(study, file)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        process.join(LONGEST)
    assert Job.objects.get().state == JobState.CANCELLED
    assert Upload.objects.get().state == UploadState.CANCELLED
    assert not Prompt.objects.filter(study=study).exists()
    assert not path_of(upload=Upload.objects.get()).exists()


@pytest.mark.django_db(transaction=True)
def test_the_command_says_that_its_import_was_cancelled(file: Path) -> None:
    study = StudyFactory.create()
    with another_import(study):
        process = started(study, file)
        uploads.cancel(actor=SYSTEM, upload=Upload.objects.get())
        process.join(LONGEST)
    said = file.with_name("said").read_text()
    assert said == "The import was cancelled. Nothing was imported."


def test_of_many_invalid_rows_the_first_are_listed(study: Study, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"prompt": ""}] * (MOST_PROBLEMS + 5)
    with pytest.raises(CommandError) as refused:
        run(study, written(tmp_path, *rows))
    said = str(refused.value).splitlines()
    assert len(said) == MOST_PROBLEMS + 2
    assert said[0] == "line 1: the prompt is empty."
    assert said[-2] == "and 5 more, which --check lists"
    assert said[-1].startswith("205 rows are invalid, so nothing was imported.")
    assert Job.objects.get().state == JobState.FAILED


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SAFETY_LEAD])
def test_people_who_may_not_import_start_no_job(study: Study, file: Path, role: Role) -> None:
    with pytest.raises(CommandError, match="Your role in this study does not include this"):
        run(study, file, f"--as={staff(study, role).user.email}")
    assert not Job.objects.exists()
    assert not Upload.objects.exists()


def test_a_file_that_cannot_be_read_starts_no_job(study: Study, tmp_path: Path) -> None:
    before = files_of_imports()
    (tmp_path / "empty.csv").touch()
    for name, said in (("nowhere.csv", "There is no file"), ("empty.csv", "is empty")):
        with pytest.raises(CommandError, match=said):
            run(study, tmp_path / name)
    assert not Job.objects.exists()
    assert files_of_imports() == before
