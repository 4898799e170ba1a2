"""Releases and training runs without pairs, on pages and in the API."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from annotations.queries.releases import JOB
from codesign.studies.models import Member
from codesign.studies.rules import Role
from modelhub.models import TrainingRun
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judge, judging_round, lease
from tests.factories.annotations import send as send_as
from tests.factories.studies import staff
from tests.support.jobs import run
from tests.support.pages import flowed
from tests.support.release_study import Story

pytestmark = pytest.mark.django_db
METHODS = {"dpo": "preference pairs", "reward": "preference pairs"}


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_release_without_judgements_is_refused(door: str) -> None:
    story = Story()
    client, keys = signed_in(story.coordinator), {"slug": story.study.slug}
    made = ask(client, story.study.slug, door)
    assert made.state == "failed"
    page = client.get(reverse("annotations:release", kwargs=keys | {"release_id": made.id}))
    told = client.get(f"/api/v1/studies/{story.study.slug}/dataset-releases/{made.id}/")
    for said in (page, told):
        assert said.status_code == 200
        assert "Nothing can be released yet" in said.content.decode()


def equally_good() -> Member:
    """Add a member who ranks both responses as a tie, for two prompts."""
    member = judge()
    judging_round(member.cohort, tasks=2)
    for number in range(2):
        held = lease(member)
        send_as(held, key=str(number), ranking=[[str(id) for id in held.order_shown]])
    return member


def ask(client: Client, slug: str, door: str) -> DatasetRelease:
    """A release that was asked for at that door, and built."""
    if door == "page":
        where = reverse("annotations:release-ask", kwargs={"slug": slug})
        answer = client.post(where, {"purpose": "training"})
    else:
        answer = client.post(
            f"/api/v1/studies/{slug}/dataset-releases/",
            {"purpose": "training"},
            content_type="application/json",
        )
    assert answer.status_code < 400
    made = DatasetRelease.objects.get()
    run(JOB, made.id)
    made.refresh_from_db()
    return made


def rows_on(page: str) -> dict[str, int]:
    """How many rows each part has, by what the page of a release says is in it."""
    table = flowed(page).partition("Content, in rows")[2].partition("<tbody")[2]
    rows = re.findall(
        r"<tr[^>]*><th[^>]*>(?:<bdi>)?([^<]+)(?:</bdi>)?</th>(.*?)</tr>",
        table.partition("</table>")[0],
    )
    return {part: sum(map(int, re.findall(r">(\d+)</td>", cells))) for part, cells in rows}


@pytest.fixture
def without_a_pair() -> DatasetRelease:
    """A frozen release of ratings alone: both replies were found equal."""
    member = equally_good()
    return ask(signed_in(staff(member.study, Role.COORDINATOR)), member.study.slug, "api")


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_release_without_pairs_is_frozen_with_its_other_records(door: str) -> None:
    """The page and the API both say that there is no pair."""
    study = equally_good().study
    client = signed_in(staff(study, Role.COORDINATOR))
    made = ask(client, study.slug, door)
    assert made.state == "frozen"
    if door == "page":
        keys = {"slug": study.slug, "release_id": made.id}
        shown = client.get(reverse("annotations:release", kwargs=keys))
        assert shown.status_code == 200
        counts = rows_on(shown.content.decode())
        assert counts == {part: sum(by.values()) for part, by in made.manifest["rows"].items()}
        assert counts["judgements"] > 0
        assert not counts.get("preference")
    told = client.get(f"/api/v1/studies/{study.slug}/dataset-releases/{made.id}/").json()
    rows = told["manifest"]["rows"]
    assert sum(rows["judgements"].values()) > 0
    assert not sum(rows.get("preference", {}).values())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("door", ["page", "api"])
def test_a_training_run_without_a_pair_is_refused(
    without_a_pair: DatasetRelease, door: str, method: str
) -> None:
    study, model = without_a_pair.study, ensure_embedded_model()
    client = signed_in(staff(study, Role.ML_ENGINEER))
    if door == "page":
        fields: dict[str, Any] = {
            "method": method,
            "release": without_a_pair.id,
            "base": model.id,
            "learning_rate": "0.0001",
            "max_steps": "4",
            "batch_size": "2",
            "lora_r": "8",
            "beta": "0.1",
            "seed": "3",
        }
        where = reverse("modelhub:training-start", kwargs={"slug": study.slug})
        answer = client.post(where, fields)
    else:
        body = {"release": str(without_a_pair.id), "base": model.name, "method": method}
        answer = client.generic(
            "POST", "/api/v1/training-runs/", json.dumps(body), content_type="application/json"
        )
    assert answer.status_code == 400
    assert f"no {METHODS[method]} to train on" in answer.content.decode()
    assert not TrainingRun.objects.exists()
