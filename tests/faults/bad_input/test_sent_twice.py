"""The same request several times at once, on pages and in the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import GenerationItem, GenerationRun, TrainingRun
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import add_prompts, frozen_release
from tests.factories.studies import StudyFactory, staff
from tests.support.at_once import AT_ONCE, Asks, asked_at_once, fill_in, statuses

pytestmark = pytest.mark.django_db(transaction=True)
PAIRS = {"preference": {"train": 9}}


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def post(path: str, body: dict[str, Any]) -> Asks:
    return lambda client: client.post(f"/api/v1/{path}", body, content_type="application/json")


def run_fields(study: Study, **changes: str) -> dict[str, str]:
    add_prompts(study, "One", "Two")
    return {
        "model": str(ensure_embedded_model().id),
        "samples": "1",
        "temperature": "0.5",
        "max_new_tokens": "64",
        "system_message": "Be kind.",
        "seed": "",
        **changes,
    }


@pytest.mark.parametrize("seed", ["", "7"])
def test_a_double_click_starts_one_generation_run(study: Study, seed: str) -> None:
    client = Client()
    client.force_login(staff(study, Role.COORDINATOR).user)
    path = reverse("modelhub:run-start", kwargs={"slug": study.slug})
    key = client.get(path).context["form"]["key"].value()
    fields = run_fields(study, seed=seed, key=str(key))
    answers = asked_at_once(study, Role.COORDINATOR, fill_in("modelhub:run-start", study, fields))
    run = GenerationRun.objects.get()
    where = reverse("modelhub:run", kwargs={"slug": study.slug, "run_id": run.id})
    assert [answer.headers["Location"] for answer in answers] == [where] * AT_ONCE
    assert GenerationItem.objects.count() == 2
    changed = client.post(path, fields | {"samples": "2"})
    assert changed.status_code == 400
    assert "was already used to start a run" in changed.content.decode()


def test_an_equal_unfinished_run_is_refused_through_the_api(study: Study) -> None:
    add_prompts(study, "One")
    body = {"model": ensure_embedded_model().name, "seed": 7, "samples": 1}
    ask = post(f"studies/{study.slug}/generation-runs/", body)
    assert statuses(asked_at_once(study, Role.COORDINATOR, ask)) == [201, 409, 409]
    assert GenerationRun.objects.count() == 1


def test_a_double_click_starts_one_training_run(study: Study) -> None:
    fields = {
        "method": "dpo",
        "release": str(frozen_release(study, rows=PAIRS).id),
        "base": str(ensure_embedded_model().id),
        "learning_rate": "0.0001",
        "max_steps": "4",
        "batch_size": "2",
        "lora_r": "8",
        "beta": "0.1",
        "seed": "3",
    }
    ask = fill_in("modelhub:training-start", study, fields)
    assert statuses(asked_at_once(study, Role.ML_ENGINEER, ask)) == [302, 400, 400]
    assert TrainingRun.objects.count() == 1


def test_an_equal_training_run_is_refused_through_the_api(study: Study) -> None:
    release, base = frozen_release(study, rows=PAIRS), ensure_embedded_model()
    body = {"release": str(release.id), "base": base.name, "method": "dpo"}
    ask = post("training-runs/", body)
    assert statuses(asked_at_once(study, Role.ML_ENGINEER, ask)) == [201, 409, 409]
    assert TrainingRun.objects.count() == 1


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_double_click_requests_one_release(study: Study, door: str) -> None:
    wanted = {"purpose": "training"}
    ask = (
        fill_in("annotations:release-ask", study, wanted)
        if door == "page"
        else post(f"studies/{study.slug}/dataset-releases/", wanted)
    )
    assert max(statuses(asked_at_once(study, Role.COORDINATOR, ask))) < 400
    assert DatasetRelease.objects.count() == 1
