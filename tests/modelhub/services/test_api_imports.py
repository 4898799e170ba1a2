"""Imports through the API: at once, or in the background with progress."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotations.models import Prompt
from codesign.accounts import services as accounts
from codesign.accounts.rules import TokenScope
from codesign.jobs.models import Job
from codesign.jobs.rules import JobState
from codesign.jobs.services import tending
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import Upload
from modelhub.queries import uploads as queries
from modelhub.rules.imports import AT_ONCE_BYTES, AT_ONCE_ROWS
from modelhub.rules.states import UploadState
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.judging_api import problem

pytestmark = pytest.mark.django_db
MANY = AT_ONCE_ROWS + 1
LINES, TABLE = "application/x-ndjson", "text/csv"


class Program:
    """A program of an ML engineer."""

    def __init__(self) -> None:
        self.study: Study = StudyFactory.create()
        self.client = Client()
        self.client.force_login(staff(self.study, Role.ML_ENGINEER).user)
        self.address = f"/api/v1/studies/{self.study.slug}/prompts/"

    def send(self, body: bytes, kind: str = LINES, *, skip_bad: bool = False) -> Any:
        where = f"{self.address}?skip_bad=true" if skip_bad else self.address
        return self.client.generic("POST", where, body, content_type=kind)

    def work(self, answer: Any) -> Any:
        """What is at the answer's address once a worker has had it."""
        assert answer.status_code == 202, answer.content
        jobs.run(queries.KIND, uuid.UUID(answer.json()["id"]))
        return self.client.get(answer["Location"]).json()


@pytest.fixture
def program() -> Program:
    return Program()


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def worries(count: int) -> list[dict[str, Any]]:
    return [{"prompt": f"Worry number {n}.", "external_id": f"w{n}"} for n in range(count)]


def bodies() -> list[tuple[bytes, str]]:
    table = "prompt\n" + "".join(f"Worry number {n}.\n" for n in range(MANY))
    listed = json.dumps({"prompts": worries(MANY)}).encode()
    return [(lines(*worries(MANY)), LINES), (table.encode(), TABLE), (listed, "application/json")]


@pytest.mark.parametrize(("body", "kind"), bodies(), ids=["lines", "table", "JSON"])
def test_many_rows_are_taken_by_a_worker_and_followed(
    program: Program, body: bytes, kind: str
) -> None:
    answer = program.send(body, kind)
    taken = answer.json()
    assert (taken["state"], taken["percent"], taken["imported"]) == ("confirmed", 0, None)
    assert not Prompt.objects.exists()
    done = program.work(answer)
    assert (done["state"], done["percent"], done["rows"]) == ("done", 100, MANY)
    assert done["imported"]["prompts"] == Prompt.objects.count() == MANY
    assert done["seconds_left"] is None


def test_few_rows_are_imported_at_once_and_many_in_the_background(program: Program) -> None:
    assert program.send(lines(*worries(AT_ONCE_ROWS))).status_code == 201
    long = {"prompt": "A", "responses": ["x" * 50_000] * 50}
    listed = json.dumps({"prompts": [long] * 2}).encode()
    assert len(listed) > AT_ONCE_BYTES
    for body, kind in ((lines(long, long), LINES), (listed, "application/json")):
        answer = program.send(body, kind)
        assert answer.status_code == 202, answer.json()


def test_an_invalid_file_is_not_imported_and_errors_name_lines(program: Program) -> None:
    rows = [*worries(MANY), {"prompt": ""}, {}]
    failed = program.work(program.send(lines(*rows)))
    assert (failed["state"], failed["bad_rows"], failed["imported"]) == ("failed", 2, None)
    assert failed["problems"] == [
        {"line": MANY + 1, "problem": "the prompt is empty."},
        {"line": MANY + 2, "problem": "the prompt is missing."},
    ]
    assert failed["error"] == "2 rows are invalid, so nothing was imported."
    assert not Prompt.objects.exists()
    done = program.work(program.send(lines(*rows), skip_bad=True))
    assert (done["state"], done["bad_rows"], Prompt.objects.count()) == ("done", 2, MANY)


def test_a_repeated_request_returns_the_same_import(program: Program) -> None:
    body = lines(*worries(MANY))
    first, again = program.send(body), program.send(body)
    assert (first["Location"], first.json()["id"]) == (again["Location"], again.json()["id"])
    assert program.send(body, skip_bad=True).json()["id"] != first.json()["id"]
    assert len([path for path in files() if first.json()["id"] in path]) == 1
    program.work(first)
    later = program.work(program.send(body))
    assert later["id"] != first.json()["id"]
    assert (later["imported"]["prompts"], later["imported"]["already_there"]) == (0, MANY)


def files() -> list[str]:
    return [queries.path_of(upload=upload).name for upload in Upload.objects.all()]


def test_unreadable_files_are_refused_within_the_request(program: Program) -> None:
    many = b"x,y\n" * MANY
    refused = problem(program.send(many, TABLE), 400)
    assert "no column called prompt. The columns are: x, y." in refused["title"]
    (row,) = problem(program.send(b"[\n" * MANY), 400)["fields"]["rows"]
    assert row.startswith("line 1: the row is not valid JSON (")
    assert not Upload.objects.exists()


def test_an_import_shows_progress_and_can_be_cancelled(program: Program) -> None:
    answer = program.send(lines(*worries(MANY)))
    now = timezone.now().timestamp()
    Upload.objects.update(state=UploadState.IMPORTING)
    going = {"done": 250, "total": 1_000, "samples": [[now - 10, 0], [now, 250]]}
    Job.objects.update(state=JobState.RUNNING, **going)
    seen = program.client.get(answer["Location"]).json()
    assert (seen["rows"], seen["percent"]) == (250, 25)
    assert (seen["rows_a_second"], seen["seconds_left"]) == (25.0, 30.0)
    Upload.objects.update(state=UploadState.CONFIRMED)
    Job.objects.update(state=JobState.QUEUED)
    cancel = f"{answer['Location']}cancel/"
    assert program.client.post(cancel).json()["state"] == "cancelled"
    assert "is cancelled" in problem(program.client.post(cancel), 409)["title"]
    assert program.work(answer)["state"] == "cancelled"
    assert not Prompt.objects.exists()


def test_another_worker_continues_the_import_of_a_dead_worker(program: Program) -> None:
    answer = program.send(lines(*worries(MANY)))
    with jobs.claimed(queries.KIND, Upload.objects.get().id):
        assert Upload.objects.get().state == UploadState.IMPORTING
    tending.tend()
    assert Upload.objects.get().state == UploadState.CONFIRMED
    assert program.work(answer)["imported"]["prompts"] == MANY


def test_the_imports_page_shows_api_imports_with_their_errors(program: Program) -> None:
    program.work(program.send(lines(*worries(MANY), {"prompt": ""})))
    coordinator = Client()
    coordinator.force_login(staff(program.study, Role.COORDINATOR).user)
    upload = Upload.objects.get()
    page = coordinator.get(f"/studies/{program.study.slug}/imports/{upload.id}/").content.decode()
    assert f"Line {MANY + 1}: the prompt is empty." in page
    assert "Result of the check" not in page
    assert "more." not in page


@pytest.mark.parametrize("role", list(Role))
def test_who_may_send_follow_and_cancel(program: Program, role: Role) -> None:
    where = program.send(lines(*worries(MANY)))["Location"]
    client = Client()
    client.force_login(someone(program.study, role).user)
    may = role in {Role.COORDINATOR, Role.ML_ENGINEER}
    other = lines(*worries(MANY), {"prompt": "One more."})
    answers = [
        client.generic("POST", program.address, other, content_type=LINES),
        client.get(where),
        client.post(f"{where}cancel/"),
    ]
    assert [answer.status_code for answer in answers] == ([202, 200, 200] if may else [403] * 3)


def someone(study: Study, role: Role) -> Member:
    if role in (Role.PANELIST, Role.CLINICIAN):
        return MemberFactory.create(cohort=CohortFactory.create(study=study, role=role))
    return staff(study, role)


def test_imports_need_membership_and_a_token_with_the_scope(program: Program) -> None:
    where = program.send(lines(*worries(MANY)))["Location"]
    elsewhere = Client()
    elsewhere.force_login(staff(StudyFactory.create(), Role.ML_ENGINEER).user)
    engineer = staff(program.study, Role.ML_ENGINEER)
    for ask in ("get", "post"):
        at = where if ask == "get" else f"{where}cancel/"
        problem(getattr(Client(), ask)(at), 401)
        problem(getattr(elsewhere, ask)(at), 404)
    for scope in (TokenScope.PROMPTS, TokenScope.MODELS):
        _, secret = accounts.make_token(
            actor=SYSTEM, user=engineer.user, name=scope, scopes=[scope], days=1
        )
        answer = Client(headers={"Authorization": f"Token {secret}"}).get(where)
        assert answer.status_code == (200 if scope == TokenScope.PROMPTS else 403)
    theirs = where.replace(program.study.slug, StudyFactory.create().slug)
    problem(program.client.get(theirs), 404)
