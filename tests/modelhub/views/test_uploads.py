"""Import pages: check, preview, confirmation, import and cancellation."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from annotations.models import Prompt, Response
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.jobs.services import tending
from codesign.shared.parsers import CsvFile
from codesign.shared.upload_handlers import FileOnDisk
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.models import Upload
from modelhub.queries import uploads as queries
from modelhub.queries.uploads import KIND
from modelhub.rules.states import UploadState
from modelhub.services import upload_files, uploads
from tests.factories.annotations import judge, judging_round
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.running import ROOT, eventually
from tests.support.uploads import Desk, lines, row, signed_in

pytestmark = pytest.mark.django_db
GOOD = {"prompt": "I can't sleep.", "responses": ["Tell me more.", "That sounds hard."]}
ONE_UPLOAD = ("upload", "upload-progress", "upload-confirm", "upload-remap", "upload-cancel")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_valid_file_is_previewed_and_imported_after_confirmation(desk: Desk) -> None:
    upload = desk.checked(lines(GOOD, {"prompt": "A long day.", "mood": 3}))
    assert (upload.state, Prompt.objects.count()) == (UploadState.CHECKED, 0)
    page = desk.page(upload)
    for said in (
        "I can't sleep.",
        "Tell me more.",
        "That sounds hard.",
        "mood",
        "Import all rows",
    ):
        assert said in page
    desk.client.post(desk.at("upload-confirm", upload))
    jobs.run(KIND, upload.id)
    upload.refresh_from_db()
    assert (upload.state, upload.found["prompts"], upload.found["responses"]) == ("done", 2, 2)
    assert (Prompt.objects.count(), Response.objects.count()) == (2, 2)
    assert "Result of the import" in desk.page(upload)
    assert "HX-Refresh" in desk.client.get(desk.at("upload-progress", upload)).headers


def test_invalid_rows_are_listed_and_skipped_only_after_confirmation(desk: Desk) -> None:
    upload = desk.checked(lines(GOOD, {"prompt": ""}, {"prompt": "Fine."}, {}))
    page = desk.page(upload)
    assert "Line 2: the prompt is empty." in page
    assert "Line 4: the prompt is missing." in page
    assert "Import the valid rows" in page
    plain = desk.client.post(desk.at("upload-confirm", upload))
    assert plain.status_code == 409
    desk.client.post(desk.at("upload-confirm", upload), {"skip_bad": "yes"})
    jobs.run(KIND, upload.id)
    assert Prompt.objects.count() == 2


def test_an_import_is_refused_if_the_study_changed_after_the_check(desk: Desk) -> None:
    upload = desk.checked(lines({"prompt": "One.", "external_id": "a"}, {"prompt": "Two."}))
    other = desk.checked(lines({"prompt": "Other.", "external_id": "a"}), "other.jsonl")
    for one in (other, upload):
        desk.client.post(desk.at("upload-confirm", one))
        jobs.run(KIND, one.id)
    upload.refresh_from_db()
    assert upload.state == UploadState.FAILED
    assert "changed after the check" in upload.error
    assert list(Prompt.objects.values_list("external_id", flat=True)) == ["a"]


def for_a_minute(desk: Desk, state: UploadState, done: int) -> Upload:
    """An import after a minute of reading, and its progress."""
    desk.bring(lines(GOOD))
    then = timezone.now()
    Upload.objects.update(state=state)
    samples = [[then.timestamp() - 60, 0], [then.timestamp(), done]]
    Job.objects.update(state=JobState.RUNNING, done=done, total=100_000, samples=samples)
    return Upload.objects.get()


def test_progress_shows_percent_rate_and_time_left_without_scripts(desk: Desk) -> None:
    upload = for_a_minute(desk, UploadState.CHECKING, 25_000)
    for name in ("upload", "upload-progress"):
        page = desk.client.get(desk.at(name, upload)).content.decode()
        for said in ("25%", "25,000 of 100,000 rows", "417 rows a second", "about 3 minutes left"):
            assert said in page
        assert "hx-get" in page
        assert "<noscript>" in page


def test_the_time_after_the_last_row_has_its_own_state_and_no_rate(desk: Desk) -> None:
    upload = for_a_minute(desk, UploadState.IMPORTING, 100_000)
    page = " ".join(desk.page(upload).split())
    assert "Finding prompts that are nearly the same · 100,000 of 100,000 rows" in page
    assert "a second" not in page
    assert "100,000" in desk.client.get(desk.at("uploads")).content.decode()


def test_an_import_can_be_cancelled_before_and_after_its_check(desk: Desk) -> None:
    for look in (False, True):
        if look:
            upload = desk.checked(lines(GOOD))
        else:
            desk.bring(lines(GOOD))
            upload = Upload.objects.get()
        desk.client.post(desk.at("upload-cancel", upload))
        jobs.run(KIND, upload.id)
        upload.refresh_from_db()
        assert upload.state == UploadState.CANCELLED
    assert not Prompt.objects.exists()


def test_a_file_is_gone_once_its_import_has_ended(
    desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    upload = desk.checked(lines(GOOD))
    assert queries.path_of(upload=upload).exists()
    with django_capture_on_commit_callbacks(execute=True):
        desk.client.post(desk.at("upload-cancel", upload))
    assert not queries.path_of(upload=upload).exists()


def test_orphaned_files_are_deleted(desk: Desk, settings: Any, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path
    kept = queries.path_of(upload=desk.checked(lines(GOOD)))
    arriving, left = tmp_path / f"{uuid.uuid4()}.csv", tmp_path / f"{uuid.uuid4()}.jsonl"
    for path in (arriving, left):
        path.touch()
    for path in (kept, left):
        os.utime(path, (0, 0))
    upload_files.clear_orphans()
    assert sorted(tmp_path.iterdir()) == sorted([kept, arriving])


def test_partial_uploads_of_a_killed_web_process_are_deleted(settings: Any, tmp_path: Path) -> None:
    """A body of a program, and a form that is too large for memory."""
    settings.UPLOADS_DIR = tmp_path
    by_api = CsvFile().parse(io.BytesIO(b"prompt\nHello\n"))
    by_page = FileOnDisk("p.csv", "text/csv", None)
    arriving = {by_api, Path(by_page.temporary_file_path())}
    for age, left in ((0, arriving), (2 * upload_files.ORPHAN_AFTER, set())):
        for path in arriving:
            os.utime(path, times=(time.time() - age,) * 2)
        upload_files.clear_orphans()
        assert {*tmp_path.iterdir()} == left
    by_page.close()


def test_a_large_form_leaves_only_the_stored_file(
    desk: Desk, settings: Any, tmp_path: Path
) -> None:
    settings.UPLOADS_DIR, settings.FILE_UPLOAD_MAX_MEMORY_SIZE = tmp_path, 1
    kept = queries.path_of(upload=desk.checked(lines(GOOD)))
    assert [*tmp_path.iterdir()] == [kept]
    assert kept.read_bytes() == lines(GOOD)


@pytest.mark.parametrize("state", [UploadState.QUEUED, UploadState.CONFIRMED])
def test_an_import_whose_file_is_gone_ends_with_a_sentence(desk: Desk, state: UploadState) -> None:
    desk.bring(lines(GOOD))
    upload = Upload.objects.get()
    Upload.objects.update(state=state)
    queries.path_of(upload=upload).unlink()
    jobs.run(KIND, upload.id)
    upload.refresh_from_db()
    assert upload.state == UploadState.FAILED
    assert upload.error == str(uploads.GONE)
    assert "Please upload it again." in desk.page(upload)


def test_a_worker_that_died_is_noticed_and_its_file_read_again(desk: Desk) -> None:
    desk.bring(lines(GOOD))
    upload = Upload.objects.get()
    with jobs.claimed(KIND, upload.id):
        assert row(upload).state == UploadState.CHECKING
    tending.tend()
    assert row(upload).state == UploadState.QUEUED
    jobs.run(KIND, upload.id)
    upload.refresh_from_db()
    assert upload.state == UploadState.CHECKED


def test_an_unconfirmed_file_is_deleted_after_a_week(
    desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    old, new = desk.checked(lines(GOOD)), desk.checked(lines(GOOD), "new.jsonl")
    Upload.objects.filter(id=old.id).update(
        checked_at=timezone.now() - queries.UNCONFIRMED_AFTER - timedelta(minutes=1)
    )
    with django_capture_on_commit_callbacks(execute=True):
        what_beat_rings()
    assert (row(old).state, row(new).state) == (UploadState.CANCELLED, UploadState.CHECKED)
    assert not queries.path_of(upload=old).exists()
    assert queries.path_of(upload=new).exists()
    page = desk.page(row(old))
    assert "within a week" in page
    assert "Tell me more." not in page
    assert uploads.drop_unconfirmed() == 0


def what_beat_rings() -> None:
    """The periodic tasks of uploads, each at least once an hour."""
    rung = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if "uploads" in one["task"]]
    assert max(one["schedule"] for one in rung) <= 3600
    for one in rung:
        current_app.tasks[one["task"]]()


def test_a_cancelled_import_keeps_no_content(desk: Desk) -> None:
    upload = desk.checked(lines(GOOD))
    assert upload.first
    desk.client.post(desk.at("upload-cancel", upload))
    assert row(upload).first == []


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SAFETY_LEAD])
def test_staff_who_may_not_import_are_refused(desk: Desk, role: Role) -> None:
    refused(desk, staff(desk.study, role), 403)


def test_panelists_and_strangers_are_refused(desk: Desk) -> None:
    refused(desk, MemberFactory.create(cohort__study=desk.study), 403)
    refused(desk, staff(StudyFactory.create(), Role.COORDINATOR), 404)


def refused(desk: Desk, member: Member, status: int) -> None:
    upload = desk.checked(lines(GOOD))
    client = signed_in(member)
    for name in ("uploads", *ONE_UPLOAD):
        where = desk.at(name, None if name == "uploads" else upload)
        statuses = {client.get(where).status_code, client.post(where).status_code}
        assert status in statuses <= {status, 405}, (name, statuses)
    upload.refresh_from_db()
    assert upload.state == UploadState.CHECKED


def test_an_import_of_another_study_is_not_found(desk: Desk) -> None:
    theirs = Desk().checked(lines(GOOD))
    for name in ONE_UPLOAD:
        send = desk.client.get if name in ("upload", "upload-progress") else desk.client.post
        assert send(desk.at(name, theirs)).status_code == 404


def test_unexpected_errors_are_only_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    upload = desk.checked(lines(GOOD))
    desk.client.post(desk.at("upload-confirm", upload))
    with connection.cursor() as cursor:
        cursor.execute(BREAK)
    jobs.run(KIND, upload.id)
    assert (row(upload).state, row(upload).error) == (UploadState.FAILED, STOPPED)
    assert not Prompt.objects.exists()
    page = desk.page(upload)
    assert "An unexpected error stopped this" in page
    assert "a secret" not in page
    assert "a secret" in caplog.text


STOPPED = "An unexpected error stopped this. The server's log has the details. Try again."
BREAK = """
CREATE FUNCTION pg_temp.breaks() RETURNS trigger LANGUAGE plpgsql
  AS $$ BEGIN RAISE EXCEPTION 'a secret'; END $$;
CREATE TRIGGER breaks BEFORE INSERT ON annotations_prompt
  FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.breaks();
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_killed_import_is_rolled_back_and_done_by_the_next_worker() -> None:
    desk = Desk()
    rows = 30_000
    upload = desk.checked(lines(*({"prompt": f"Worry number {n}."} for n in range(rows))))
    desk.client.post(desk.at("upload-confirm", upload))
    with subprocess.Popen([sys.executable, "-c", READ, str(upload.id)], cwd=ROOT, env=env()) as one:
        eventually(lambda: 0 < queries.job_of(upload=upload).done < rows)
        one.send_signal(signal.SIGKILL)
    assert (row(upload).state, Prompt.objects.count()) == (UploadState.IMPORTING, 0)
    tending.tend()
    assert row(upload).state == UploadState.CONFIRMED
    jobs.run(KIND, upload.id)
    assert (row(upload).state, Prompt.objects.count()) == (UploadState.DONE, rows)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_cancelling_a_running_import_rolls_it_back() -> None:
    desk = Desk()
    rows = 30_000
    upload = desk.checked(lines(*({"prompt": f"Worry number {n}."} for n in range(rows))))
    desk.client.post(desk.at("upload-confirm", upload))
    with subprocess.Popen([sys.executable, "-c", READ, str(upload.id)], cwd=ROOT, env=env()) as one:
        eventually(lambda: queries.job_of(upload=upload).done > 0)
        desk.client.post(desk.at("upload-cancel", upload))
        one.wait(60)
    assert (row(upload).state, Prompt.objects.count()) == (UploadState.CANCELLED, 0)


READ = """
import sys, uuid, django
django.setup()
from tests.support import jobs
jobs.run("import", uuid.UUID(sys.argv[1]))
"""


def env() -> dict[str, str]:
    where = urlsplit(os.environ["DATABASE_URL"])
    name = str(connection.settings_dict["NAME"])
    return os.environ | {
        "CODESIGN_HOME": str(settings.CODESIGN_HOME),
        "DATABASE_URL": urlunsplit(where._replace(path=f"/{name}")),
        "DJANGO_SETTINGS_MODULE": "codesign.config.settings",
    }


def test_the_cost_in_an_open_round_is_shown_before_confirmation() -> None:
    member = judge()
    judging_round(member.cohort, overlap=3)
    desk = Desk(member.study)
    held_out = GOOD | {"topics": ["sleep"], "held_out": True}
    task = {"prompt": "The exam is tomorrow.", "responses": ["Sleep first.", "What scares you?"]}
    page = desk.page(desk.checked(lines(held_out, task)))
    for said in (
        "The round “First round” is open",
        "Each task needs 3 judgements.",
        "A task with two responses costs £2.40 in pay.",
        "sleep",
        "held out for comparing models",
    ):
        assert said in page
