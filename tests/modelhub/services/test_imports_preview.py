"""A check reports the split groups and held-out prompts that an import would make."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from annotations.models import MinhashBucket, Prompt, Response, SplitGroupReason
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import ModelVersion, Source
from modelhub.services.imports import check_file, import_file
from tests.factories.studies import StudyFactory, staff
from tests.support.judging_api import problem
from tests.support.uploads import Desk, lines

pytestmark = pytest.mark.django_db
LONG = "I lie awake at night because my father does not speak to me any more"
REPLY = "That must be very hard for you, and I can hear how much you miss talking with your father."
WORRIES = [
    "rent",
    "school",
    "storms",
    "exams",
    "knives",
    "silence",
    "winter",
    "spiders",
    "fathers",
    "money",
    "bridges",
    "cancer",
    "crowds",
    "mirrors",
    "Sundays",
    "nightmares",
    "police",
    "moving",
    "hunger",
    "debts",
    "trains",
]
STOCK = "You are welcome! Take care and have a good day."
ROWS = (
    {"prompt": "Hello", "held_out": True},
    *(
        {
            "prompt": [
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi, how can I help you?"},
                {"role": "user", "content": f"I fear {mood} and {what}"},
            ],
            "responses": [STOCK],
        }
        for mood, what in itertools.pairwise(WORRIES)
    ),
    {"prompt": LONG, "held_out": True},
    {"prompt": LONG.replace("father", "mother"), "responses": [REPLY + " Tell me more, please."]},
    {"prompt": "Nobody calls me", "responses": [REPLY + " Tell me more, please."]},
    {"prompt": LONG, "external_id": "again"},
)


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def counts() -> list[int]:
    tables = (Prompt, Response, MinhashBucket, SplitGroupReason, Source, ModelVersion, Event)
    return [table.objects.count() for table in tables]


def write(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "p.jsonl"
    path.write_bytes(lines(*rows))
    return path


def test_a_held_out_greeting_does_not_hold_out_other_prompts(study: Study, tmp_path: Path) -> None:
    before = counts()
    report = check_file(actor=SYSTEM, study=study, path=write(tmp_path, *ROWS))
    assert counts() == before
    assert (report.prompts, report.responses) == (25, 22)
    assert [(row.line, row.held_out, row.tied_to, row.made_held_out) for row in report.tied] == [
        (22, True, 3, 3),
        (23, False, 3, 3),
        (24, False, 3, 3),
        (25, False, 3, 3),
    ]
    assert report.made_held_out == 3


def test_the_import_makes_the_split_groups_of_the_check(study: Study, tmp_path: Path) -> None:
    first = write(tmp_path, *ROWS[22:])
    import_file(actor=SYSTEM, study=study, path=first)
    second = write(tmp_path, *ROWS[:22])
    (row,) = check_file(actor=SYSTEM, study=study, path=second).tied
    assert (row.line, row.tied_to, row.made_held_out) == (22, 3, 3)
    import_file(actor=SYSTEM, study=study, path=second)
    held_out = Prompt.objects.get(messages=[{"role": "user", "content": LONG}], held_out=True)
    assert Prompt.objects.filter(split_group=held_out.split_group).count() == 4
    assert check_file(actor=SYSTEM, study=study, path=second).tied == []
    more = write(tmp_path, {"prompt": LONG.replace("night", "dawn"), "external_id": "dawn"})
    (row,) = check_file(actor=SYSTEM, study=study, path=more).tied
    assert (row.tied_to, row.made_held_out) == (4, 1), "three were held out through it before"


def test_rows_that_say_the_same_twice_are_checked_as_they_are_imported(
    study: Study, tmp_path: Path
) -> None:
    rows = [{"prompt": f"Prompt {n}", "responses": ["One."]} for n in range(600)]
    path = write(tmp_path, *rows, {**rows[0], "responses": ["One.", "Two."]})
    checked = check_file(actor=SYSTEM, study=study, path=path)
    made = import_file(actor=SYSTEM, study=study, path=path)
    for report in (checked, made):
        assert (report.prompts, report.already_there, report.responses) == (600, 0, 601)


def test_the_check_command_reports_and_imports_nothing(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = counts()
    path = write(tmp_path, *ROWS, {"prompt": ""})
    call_command("import_prompts", study.slug, str(path), "--check")
    said = capsys.readouterr().out
    assert "cannot be imported: line 26: the prompt is empty." in said
    assert "line 22, held out: in a split group with 3 others; holds out 3 of them" in said
    assert (
        "4 rows would be in split groups with other prompts, and 3 prompts would be held out"
        in said
    )
    assert counts() == before


def test_the_page_shows_split_groups_before_confirmation() -> None:
    desk = Desk()
    upload = desk.checked(lines(*ROWS))
    page = desk.page(upload)
    assert Prompt.objects.count() == 0
    assert "3 prompts would leave training" in page
    assert "3 other prompts" in page
    assert "Split groups" not in desk.page(desk.checked(lines({"prompt": "One"})))


def test_the_api_check_returns_split_groups_and_imports_nothing(
    study: Study, tmp_path: Path
) -> None:
    client = Client()
    client.force_login(staff(study, Role.ML_ENGINEER).user)
    address = f"/api/v1/studies/{study.slug}/prompts/?check=true"
    before = counts()
    answer = client.post(address, json.dumps({"prompts": ROWS}), "application/json")
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["prompts"], said["made_held_out"]) == (25, 3)
    assert said["tied"][0] == {"line": 22, "held_out": True, "tied_to": 3, "made_held_out": 3}
    answer = client.post(address, lines(*ROWS), "application/x-ndjson")
    assert answer.json() == said
    many = json.dumps({"prompts": [{"prompt": f"p {n}"} for n in range(1_001)]})
    problem(client.post(address, many, "application/json"), 413)
    problem(client.post(address + "x", many, "application/json"), 400)
    assert counts() == before


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SAFETY_LEAD])
def test_who_may_not_import_may_not_check(study: Study, tmp_path: Path, role: Role) -> None:
    actor = Actor.of(staff(study, role).user)
    with pytest.raises(NotPermitted, match="Your role"):
        check_file(actor=actor, study=study, path=write(tmp_path, *ROWS))
