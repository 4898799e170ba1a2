"""The demo study is made once, whole, and its sign-ins work after every start."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from annotations.models import Prompt, Response, Round, Task
from annotations.rules.states import RoundState
from annotations.services import assignments
from codesign.accounts import queries as accounts
from codesign.accounts.models import User
from codesign.audit.models import Event
from codesign.compensation.models import Promise
from codesign.consent import queries as consent
from codesign.consent.rules import Purpose
from codesign.shared.actors import Actor
from codesign.studies.models import Member, Study
from codesign.studies.rules import StudyState
from modelhub.models import GenerationItem, GenerationRun, Source

pytestmark = pytest.mark.django_db
FILE = Path(settings.CODESIGN_HOME) / "demo-accounts.json"


@pytest.fixture(autouse=True)
def _no_file() -> Iterator[None]:
    FILE.unlink(missing_ok=True)
    yield
    FILE.unlink(missing_ok=True)


def prepare() -> list[dict[str, Any]]:
    call_command("demo_study", verbosity=0)
    rows: list[dict[str, Any]] = json.loads(FILE.read_text())
    return rows


def test_the_first_start_makes_all_of_it() -> None:
    rows = prepare()
    study = Study.objects.get()
    assert study.state == StudyState.OPEN
    assert Counter(row["role"] for row in rows) == {
        "panelist": 6,
        "clinician": 3,
        **dict.fromkeys(("coordinator", "safety_lead", "ml_engineer", "auditor", "site_admin"), 1),
    }
    assert [row["role"] for row in rows[:6]] == ["panelist"] * 6
    assert all(list(row) == ["email", "password", "role", "token", "consented"] for row in rows)
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o600
    assert Prompt.objects.count() == 54
    assert Prompt.objects.filter(held_out=True).count() == 9
    first, second = Round.objects.order_by("created_at")
    for round in (first, second):
        assert round.state == RoundState.OPEN
        plans = round.cohorts.order_by("cohort__position")
        assert [(p.cohort.key, p.overlap, p.asks) for p in plans] == [
            ("lived_experience", 3, ["rating", "ranking", "rewrite", "highlight", "flag"]),
            ("clinician", 1, ["rating", "ranking", "rewrite", "highlight", "flag"]),
        ]
    run = GenerationRun.objects.get()
    assert (run.samples, run.round_id) == (2, second.id)
    items = GenerationItem.objects.filter(run=run)
    assert items.count() == 66
    assert items.filter(chunk=0).count() == 2
    assert not items.filter(prompt__held_out=True).exists()
    assert not items.filter(prompt__tasks__round=first).exists()


def test_people_read_replies_by_people_before_a_model_has_written_any() -> None:
    rows = prepare()
    first, second = Round.objects.order_by("created_at")
    assert "example replies by people" in first.title
    tasks = Task.objects.filter(round=first)
    assert tasks.count() == 12
    assert Counter(tasks.values_list("prompt__category", flat=True)) == {
        "education": 4,
        "assessment": 4,
        "intervention": 4,
    }
    assert not Task.objects.filter(round=second).exists()
    replies = Response.objects.filter(tasks__in=tasks)
    assert replies.count() == 24
    assert set(replies.values_list("origin", flat=True)) == {"human"}
    sources = Source.objects.filter(id__in=replies.values("source"))
    assert set(sources.values_list("model_version", flat=True)) == {None}
    user = User.objects.get(email=rows[0]["email"])
    slug = Study.objects.get().slug
    leased = assignments.lease(actor=Actor.of(user), slug=slug).assignment
    assert leased is not None
    assert leased.task.round == first


def test_who_has_signed_and_who_has_not() -> None:
    rows = prepare()
    signed = set()
    for member in Member.objects.select_related("user"):
        record = consent.record_in_force(member_id=member.id)
        if record:
            signed.add(member.user.email)
            assert all(consent.choices_of(record_id=record.id).values())
    assert signed == {row["email"] for row in rows if row["consented"]}
    judging = [row for row in rows if row["role"] in ("panelist", "clinician")]
    assert [row["role"] for row in judging if not row["consented"]] == ["panelist"]
    assert Promise.objects.count() == 8
    granted = consent.members_granting(
        study_id=Study.objects.get().id, purposes=[Purpose.TRAINING, Purpose.EVALUATION]
    )
    assert len(granted) == 8


def test_sign_ins_and_tokens_work(client: Any) -> None:
    rows = prepare()
    for row in rows:
        user = User.objects.get(email=row["email"])
        token = accounts.token_by_secret(row["token"])
        assert token is not None
        assert token.user == user
        assert user.is_site_admin is (row["role"] == "site_admin")
    assert client.login(email=rows[0]["email"], password=rows[0]["password"])


def test_second_start_changes_only_tokens() -> None:
    first = prepare()
    counts = (User.objects.count(), Prompt.objects.count(), GenerationRun.objects.count())
    second = prepare()
    assert (User.objects.count(), Prompt.objects.count(), GenerationRun.objects.count()) == counts
    for before, after in zip(first, second, strict=True):
        assert before["password"] == after["password"]
        assert before["token"] != after["token"]
        old = accounts.token_by_secret(before["token"])
        assert old is not None
        assert old.revoked_at
    made = Event.objects.filter(action__in=["studies.made", "accounts.made"]).count()
    assert made == 1 + 14


@pytest.mark.parametrize("broken", [None, "", "[{}]", "{"])
def test_a_lost_file_of_sign_ins_is_written_anew(client: Any, broken: str | None) -> None:
    prepare()
    FILE.unlink()
    if broken is not None:
        FILE.write_text(broken)
    rows = prepare()
    assert User.objects.count() == 14
    assert client.login(email=rows[13]["email"], password=rows[13]["password"])


def test_sign_ins_file_is_private() -> None:
    rows = prepare()
    secrets = [row[key] for row in rows for key in ("password", "token")]
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) >= 16 for secret in secrets)


def test_making_it_needs_no_torch() -> None:
    code = (
        "import django; django.setup(); import sys; import codesign.desk.services.demo; "
        "print(sorted({'torch', 'transformers', 'trl', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "codesign.config.settings"},
    )
    assert done.stdout.strip() == "[]"
