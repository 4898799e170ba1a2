"""On a full disk, files are written completely or not at all, with an explanation."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from psycopg.errors import DiskFull

from annotations.queries.releases import JOB
from annotations.services import releases
from codesign.config import housekeeping
from codesign.config.housekeeping import Housekeeping, rotate, trim
from codesign.jobs.queries import job_about
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM
from codesign.studies.rules import Role
from modelhub.engine.progress import NO_ROOM, PROGRESS, Exit, read_progress, read_result
from modelhub.engine.train import is_out_of_room
from modelhub.models import Upload
from modelhub.queries.generation import KIND
from tests.factories.studies import StudyFactory, staff
from tests.faults.disks import small_disk
from tests.support import jobs
from tests.support.engine_release import pair, write_release
from tests.support.generation_runs import start
from tests.support.release_study import Story, unwatched
from tests.support.running import ROOT


def lacking(sentence: str) -> OSError:
    return OSError(errno.ENOSPC, sentence)


def test_the_lack_of_room_is_seen_behind_other_errors() -> None:
    database = OperationalError("could not extend file")
    database.__cause__ = DiskFull("could not extend file")
    assert disk_space.was_lacking(database)
    assert disk_space.was_lacking(lacking("No space left on device"))
    assert not disk_space.was_lacking(OperationalError("connection refused"))
    assert not disk_space.was_lacking(PermissionError(errno.EACCES, "no"))
    assert not disk_space.was_lacking(None)
    assert is_out_of_room(RuntimeError("I/O error: No space left on device (os error 28)"))
    assert not is_out_of_room(RuntimeError("another"))


@pytest.mark.django_db
def test_a_release_ends_with_a_sentence(settings: Any, tmp_path: Path) -> None:
    story = Story()
    story.judge(story.member(), story.prompt())
    with small_disk(tmp_path, size="12k") as disk:
        settings.RELEASES_DIR = disk
        made = releases.release_now(
            actor=SYSTEM, study=story.study, purpose="training", progress=unwatched
        )
        assert made.state == "failed"
        assert job_about(kind=JOB, subject_id=made.id).reason.startswith("The disk is full")
        assert [path for path in disk.rglob("*") if path.is_file()] == []


@pytest.mark.django_db
def test_the_model_does_not_write_while_the_disk_is_full(settings: Any, tmp_path: Path) -> None:
    run = start(StudyFactory.create())
    with small_disk(tmp_path, size="64k") as disk:
        settings.CODESIGN_HOME = disk
        job = jobs.run(KIND, run.id)
    run.refresh_from_db()
    assert (run.state, job.reason) == ("queued", str(disk_space.SENTENCE))
    assert job.waits
    assert {item.attempts for item in run.items.all()} == {0}


@pytest.mark.django_db
def test_an_uploaded_file_is_complete_or_missing(settings: Any, tmp_path: Path) -> None:
    study = StudyFactory.create()
    client = Client(raise_request_exception=False)
    client.force_login(staff(study, Role.COORDINATOR).user)
    with small_disk(tmp_path, size="64k") as disk:
        settings.UPLOADS_DIR = disk
        file = tmp_path.parent / "more.jsonl"
        file.write_text('{"prompt": "Again?"}\n' * 10_000)
        with file.open("rb") as sent:
            answer = client.post(reverse("modelhub:uploads", args=[study.slug]), {"file": sent})
        assert answer.status_code == 503
        said = answer.content.decode()
        assert "Our server is full" in said
        assert "choose it again" in said
        assert [*disk.iterdir()] == []
        assert not Upload.objects.exists()


def test_a_training_ends_with_a_sentence_where_not_even_that_can_be_written(
    tmp_path: Path,
) -> None:
    release = write_release(tmp_path, preference={"train": [pair(0)]})
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, size="16k") as disk:
        (disk / "rest").write_bytes(b"x" * (12 << 10))
        spec = {
            "method": "dpo",
            "base_dir": str(tmp_path),
            "release_dir": str(release),
            "output_dir": str(disk / "run"),
            "params": {"max_steps": 1},
            "seed": 7,
            "system_message": "Be kind.",
        }
        path = tmp_path / "spec.json"
        path.write_text(json.dumps(spec))
        command = [sys.executable, "-m", "modelhub.engine.train", str(path)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        assert ended.returncode == Exit.NO_ROOM, ended.stderr
        result = read_result(disk / "run", ended.returncode)
    assert result == {"state": "failed", "error": NO_ROOM}


def test_an_event_that_was_cut_off_hides_no_other(tmp_path: Path) -> None:
    whole = '{"event": "step", "step": 1}\n'
    (tmp_path / PROGRESS).write_text(f'{whole}{{"event": "st{whole}{whole}')
    assert [event["step"] for event in read_progress(tmp_path)] == [1, 1]


def test_the_supervisor_logs_a_full_disk_and_its_end_once_each(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    with small_disk(tmp_path, size="40m") as disk:
        house = Housekeeping(home=disk, logs=disk, say=said.append)
        house.look()
        assert said == []
        ballast = disk / "ballast"
        for megabytes, sentences in ((30, 1), (30, 1), (20, 1), (4, 2)):
            ballast.write_bytes(b"x" * (megabytes << 20))
            house.look()
            assert len(said) == sentences
    assert f"The disk that holds {disk} is full (10 MB left)" in said[0]
    assert "The disk has space again" in said[1]


def test_logs_that_get_long_move_on_while_their_program_writes(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    older = [tmp_path / f"web.log.{number}" for number in (1, 2, 3)]
    with log.open("ab", buffering=0) as program:
        for number in range(5):
            program.write(bytes(str(number), "ascii") * housekeeping.LONGEST_LOG)
            trim(tmp_path)
        program.write(b"last")
        trim(tmp_path)
    assert log.read_bytes() == b"last"
    assert [path.read_bytes()[:1] for path in older] == [b"4", b"3", b"2"]
    rotate(tmp_path)
    assert [path.read_bytes()[:1] for path in older] == [b"l", b"4", b"3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name for path in older]
