"""Numbers that no column can store are refused or harmless everywhere."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotations.models import Judgement, RubricText
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.engine.weights import EMBEDDED_NAME
from modelhub.services.imports import import_file
from tests.factories.annotations import answers, judge, judging_round, lease
from tests.factories.compensation import credit
from tests.factories.studies import staff
from tests.support.judging_api import Caller

pytestmark = pytest.mark.django_db

HUGE = ["32769", "65537", "2147483648", "4294967297", str(2**63), str(2**64 + 1), "9" * 5000,
        "-1", "-4294967297", "1e9", "٣", "²", "0x10", " "]  # fmt: skip
LISTS = [
    "annotations:rounds", "annotations:releases", "annotations:prompts", "annotations:review",
    "compensation:rates", "compensation:entries", "enrolment:people", "modelhub:runs",
    "modelhub:models", "modelhub:training-runs", "desk:trail",
]  # fmt: skip


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=2)
    credit(member)
    return member


def mark(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize("number", HUGE)
def test_pages_of_lists(member: Member, client: Client, number: str) -> None:
    client.force_login(staff(member.study, Role.COORDINATOR, Role.AUDITOR).user)
    for name in LISTS:
        address = reverse(name, kwargs={"slug": member.study.slug})
        for asked in ("page", "waiting", "after", "before", "kind", "was"):
            assert client.get(address, {asked: number}).status_code in (200, 404), (name, asked)


@pytest.mark.parametrize("number", [2**31, 2**63, 2**64 + 1, -(2**63) - 1, -1, True])
def test_marks_of_pages(member: Member, client: Client, number: int) -> None:
    client.force_login(member.user)
    own = reverse("compensation:mine", kwargs={"slug": member.study.slug})
    for asked in ("after", "before"):
        assert client.get(own, {asked: mark(number)}).status_code == 200
    client.force_login(staff(member.study, Role.COORDINATOR).user)
    entries = reverse("compensation:entries", kwargs={"slug": member.study.slug})
    for asked in ("after", "before"):
        marked = mark("2026-01-01T00:00:00+00:00", str(member.id), number)
        assert client.get(entries, {asked: marked}).status_code == 200


@pytest.mark.parametrize("number", HUGE)
def test_pages_of_the_api(member: Member, number: str) -> None:
    caller = Caller(staff(member.study, Role.ML_ENGINEER))
    cursor = base64.urlsafe_b64encode(f"o={number}&p={number}".encode()).decode()
    for path in ("dataset-releases/", "prompts/", "generation-runs/", "retractions/"):
        for asked in (f"cursor={cursor}", f"page_size={number}", f"release={number}"):
            answer = caller.send("GET", f"studies/{member.study.slug}/{path}?{asked}")
            assert answer.status_code in (200, 400, 403, 404, 405), (path, asked, answer.content)


@pytest.mark.parametrize("number", ["1", "2147483648", str(2**64 + 1), "9" * 4000])
def test_a_consent_text_that_was_never_published(
    member: Member, client: Client, number: str
) -> None:
    client.force_login(staff(member.study).user)
    answer = client.get(f"/studies/{member.study.slug}/consent/texts/{number}/en/")
    assert answer.status_code == (200 if number == "1" else 404)


WRONG = [2**15, 2**16 + 1, 2**31, 2**32 + 4, 2**63, 2**64 + 4, -1, 0, 10**400]


@pytest.mark.parametrize("number", WRONG)
def test_a_submission(member: Member, number: int) -> None:
    held = lease(member)
    first = str(held.order_shown[0])
    mark_ = {"response": first, "start": 0, "end": 4, "label": "warm"}
    flag = {"response": first, "harm": "other", "severity": number, "note": ""}
    good = answers(held)
    for change in (
        {"ratings": [one | {"score": number} for one in good["ratings"]]},
        {"strength": number},
        {"flags": [flag]},
        {"highlights": [mark_ | {"end": number}]},
        {"highlights": [mark_ | {"start": number, "end": number}]},
    ):
        answer = Caller(member).submit(held.id, good | change, key=str(sorted(change)))
        assert answer.status_code == 400, (change, answer.content)
    assert not Judgement.objects.exists()
    Caller(member).submit(held.id, good | {"active_seconds": abs(number)})
    assert Judgement.objects.get().active_ms <= 60 * 60 * 1000


@pytest.mark.parametrize("number", [n for n in WRONG if n not in (1, 2, 3)])
def test_an_import(member: Member, tmp_path: Path, number: int) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "a", "intensity": number}))
    with pytest.raises(Exception, match=r"rows? (is|are) invalid"):
        import_file(actor=SYSTEM, study=member.study, path=path)
    table = tmp_path / "rows.csv"
    table.write_text(f"prompt,intensity\na,{number}\n")
    with pytest.raises(Exception, match=r"rows? (is|are) invalid"):
        import_file(actor=SYSTEM, study=member.study, path=table)


@pytest.mark.parametrize("number", WRONG)
def test_the_form_of_a_rubric(member: Member, client: Client, number: int) -> None:
    client.force_login(staff(member.study).user)
    before = RubricText.objects.count()
    address = reverse(
        "annotations:rubric", kwargs={"slug": member.study.slug, "key": "lived-experience"}
    )
    answer = client.post(address, {"after": str(number), "title": "Other"})
    assert answer.status_code in (400, 409)
    assert RubricText.objects.count() == before


@pytest.mark.parametrize("number", WRONG)
def test_the_form_of_a_round(member: Member, client: Client, number: int) -> None:
    client.force_login(staff(member.study).user)
    assert member.cohort
    key = member.cohort.key
    fields = {
        "title": "Second", "which": "every", "categories": "education", "responses": "2",
        f"{key}-takes_part": "on", f"{key}-overlap": "1", f"{key}-asks": "ranking",
    }  # fmt: skip
    for name in ("responses", f"{key}-overlap"):
        address = reverse("annotations:round-plan", kwargs={"slug": member.study.slug})
        assert client.post(address, fields | {name: str(number)}).status_code == 400


@pytest.mark.parametrize("number", [-1, 2**63, 2**64 + 1])
def test_commands(member: Member, number: int) -> None:
    for option, said in (
        ("--seed", "Choose a seed"),
        ("--samples", "Choose 1 to"),
        ("--max-new-tokens", "Choose a length"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("generate", member.study.slug, f"{option}={number}", model=[EMBEDDED_NAME])


def test_a_release_of_more_digits_than_python_reads() -> None:
    with pytest.raises(CommandError, match="There is no dataset release"):
        call_command("train", "study/" + "9" * 5000, method="dpo", base="SmolLM2-135M-Instruct")
