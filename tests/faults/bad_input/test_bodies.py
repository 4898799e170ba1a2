"""Empty and oversized bodies are refused everywhere and change nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment, DatasetRelease, Judgement, Round
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, TrainingRun, Upload
from modelhub.rules.imports import MOST_BYTES
from tests.factories.annotations import judging_round, lease
from tests.factories.modelhub import frozen_release
from tests.factories.studies import staff
from tests.support.judging_api import problem
from tests.support.judging_page import one_url
from tests.support.release_study import Story

pytestmark = pytest.mark.django_db
TOO_MUCH = 2_600_000
"""Bytes: more than a program (100,000; 800,000 when judging) or a form (2,621,440) may send."""
API = {
    "submission": ("POST", "assignments/{held}/submission/"),
    "skip": ("POST", "assignments/{held}/skip/"),
    "draft": ("PUT", "assignments/{held}/draft/"),
    "release": ("POST", "studies/{slug}/dataset-releases/"),
    "generation run": ("POST", "studies/{slug}/generation-runs/"),
    "training run": ("POST", "training-runs/"),
}
PAGES = {
    "judging": "annotations:judge-one",
    "release": "annotations:release-ask",
    "round": "annotations:round-plan",
    "generation run": "modelhub:run-start",
    "training run": "modelhub:training-start",
    "import": "modelhub:uploads",
}
BODIES = {
    "no bytes": b"",
    "a space": b" ",
    "nothing": b"null",
    "a list": b"[]",
    "half": b'{"purpose": ',
    "not text": b"\xff\xfe\x00",
}


class Place:
    """A study with something held by one person, and staff who run it."""

    def __init__(self) -> None:
        self.story = Story()
        self.study = self.story.study
        self.judge = self.story.member()
        judging_round(self.judge.cohort)
        self.held = lease(self.judge)
        Assignment.objects.filter(id=self.held.id).update(draft={"comment": "My words."})
        self.staff = dict.fromkeys(("submission", "skip", "draft", "judging"), self.judge)
        self.staff["training run"] = staff(self.study, Role.ML_ENGINEER)
        frozen_release(self.study, rows={"preference": {"train": 9}})

    def client(self, door: str) -> Client:
        client = Client()
        member = self.staff.get(door, self.story.coordinator)
        client.force_login(member.user)
        return client

    def api(self, door: str, body: bytes) -> Any:
        method, path = API[door]
        where = path.format(held=self.held.id, slug=self.study.slug)
        return self.client(door).generic(
            method,
            f"/api/v1/{where}",
            body,
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )

    def page(self, door: str, fields: dict[str, str]) -> Any:
        where = (
            one_url(self.held)
            if door == "judging"
            else reverse(PAGES[door], kwargs={"slug": self.study.slug})
        )
        return self.client(door).post(where, fields)

    def everything(self) -> list[Any]:
        """Return every row that a page or endpoint could have changed."""
        tables = (Judgement, DatasetRelease, GenerationRun, TrainingRun, Round, Upload)
        return [
            list(Assignment.objects.order_by("id").values_list("id", "state", "draft")),
            *(table.objects.count() for table in tables),
        ]


@pytest.fixture
def place() -> Iterator[Place]:
    """Check after the test that refused requests changed nothing."""
    made = Place()
    before = made.everything()
    yield made
    assert made.everything() == before


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("door", API)
def test_an_empty_body_is_refused(place: Place, door: str, body: bytes) -> None:
    problem(place.api(door, body), 400)


@pytest.mark.parametrize("door", API)
def test_a_body_that_is_too_long_is_refused(place: Place, door: str) -> None:
    body = json.dumps({"comment": "a" * TOO_MUCH}).encode()
    assert "Please send it in parts" in problem(place.api(door, body), 413)["title"]


@pytest.mark.parametrize("door", API)
def test_an_oversized_body_is_refused_before_it_is_parsed(place: Place, door: str) -> None:
    """Parsed nested lists need 25 times the memory of their text."""
    most = 800_000 if door in ("submission", "skip", "draft") else 100_000
    for length, status in ((most + 1, 413), (most, 400)):
        body = b'{"x":[' + b"[]," * ((length - 20) // 3) + b"[]]}"
        body += b" " * (length - len(body))
        answer = place.api(door, body)
        problem(answer, status)
        if status == 413:
            assert f"larger than {most:,} bytes" in answer.json()["title"]


@pytest.mark.parametrize("door", API)
def test_a_body_that_is_nested_too_deeply_is_refused(place: Place, door: str) -> None:
    for body in (b'{"x":' + b"[" * 21 + b"]" * 21 + b"}", b"[" * 90_000, b'{"a":' * 16_000):
        assert "nested too deeply" in problem(place.api(door, body), 400)["title"]
    flat = b'{"x":[' + b"[]," * 500 + b'"' + b"[" * 500 + b'\\""]}'
    assert "nested" not in problem(place.api(door, flat), 400)["title"]


@pytest.mark.parametrize("door", API)
def test_a_body_in_chunks_is_asked_for_its_length(place: Place, door: str) -> None:
    method, path = API[door]
    where = "/api/v1/" + path.format(held=place.held.id, slug=place.study.slug)
    answer = place.client(door).generic(method, where, headers={"Transfer-Encoding": "chunked"})
    assert "Content-Length" in problem(answer, 411)["title"]


@pytest.mark.parametrize("door", PAGES)
def test_an_empty_form_is_shown_again(place: Place, door: str) -> None:
    answer = place.page(door, {"csrfmiddlewaretoken": "x"})
    assert answer.status_code in (400, 422)
    assert "text/html" in answer["Content-Type"]


@pytest.mark.parametrize("door", PAGES)
def test_a_form_that_is_too_long_is_refused(place: Place, door: str) -> None:
    answer = place.page(door, {"comment": "a" * TOO_MUCH, "title": "b" * 100_000})
    assert answer.status_code == 413
    assert "too long" in answer.content.decode()


def test_a_too_large_file_is_refused_by_its_content_length(place: Place, settings: Any) -> None:
    where = reverse(PAGES["import"], kwargs={"slug": place.study.slug})
    says: dict[str, Any] = {"CONTENT_LENGTH": str(settings.MOST_FORM_BYTES + 1)}
    says["wsgi.input"] = io.BytesIO(b"--x")
    answer = place.client("import").post(where, {"file": io.BytesIO(b"x")}, **says)
    assert answer.status_code == 413
    assert "too long" in answer.content.decode()
    assert MOST_BYTES < settings.MOST_FORM_BYTES < 1.01 * MOST_BYTES
    settings.MOST_FORM_BYTES = TOO_MUCH
    for length, status in ((TOO_MUCH, 413), (TOO_MUCH - 1_000, 400)):
        file = io.BytesIO(b"x" * length)
        file.name = "prompts.docx"
        assert place.client("import").post(where, {"file": file}).status_code == status


def test_a_body_that_is_no_json_says_where(place: Place) -> None:
    answer = place.api("release", b'{"purpose": "training",\n "least_p" 1}')
    title = problem(answer, 400)["title"]
    assert title == "This is not valid JSON (see line 2, column 12). Send JSON in UTF-8."
