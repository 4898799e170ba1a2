"""A method without records to train on is refused before anything is queued, at every door."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Invalid
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import TrainingRun
from modelhub.rules.training import CONFIG_OF, NOUNS, records_problem
from modelhub.services import training
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import frozen_release
from tests.factories.studies import StudyFactory, staff

pytestmark = pytest.mark.django_db


def all_but(method: str) -> dict[str, dict[str, int]]:
    """Rows in every config, but only validation rows in the one of a method."""
    config = CONFIG_OF[method]  # type: ignore[index]
    return {name: {"validation": 9} if name == config else {"train": 4} for name in NOUNS}


@pytest.fixture
def study() -> Study:
    return StudyFactory.create(slug="hard-days")


def by_service(study: Study, release: DatasetRelease, method: str) -> str:
    with pytest.raises(Invalid) as caught:
        training.request_training(
            actor=SYSTEM, release=release, base=ensure_embedded_model(), method=method
        )
    return caught.value.title


def by_command(study: Study, release: DatasetRelease, method: str) -> str:
    base = ensure_embedded_model().name
    with pytest.raises(CommandError) as caught:
        call_command("train", f"{study.slug}/{release.number}", method=method, base=base)
    return str(caught.value)


def signed_in(study: Study) -> Client:
    client = Client()
    client.force_login(staff(study, Role.ML_ENGINEER).user)
    return client


def by_api(study: Study, release: DatasetRelease, method: str) -> str:
    body: dict[str, Any] = {"release": str(release.id), "method": method}
    body["base"] = ensure_embedded_model().name
    answer = signed_in(study).post("/api/v1/training-runs/", body, "application/json")
    assert answer.status_code == 400
    return str(answer.json()["title"])


def by_page(study: Study, release: DatasetRelease, method: str) -> str:
    body: dict[str, Any] = {"release": str(release.id), "method": method, "seed": 0}
    body |= {"base": str(ensure_embedded_model().id), "learning_rate": 1e-4, "max_steps": 2}
    body |= {"batch_size": 2, "lora_r": 2, "beta": 0.1}
    url = reverse("modelhub:training-start", kwargs={"slug": study.slug})
    answer = signed_in(study).post(url, body)
    assert answer.status_code == 400
    return unescape(answer.content.decode())


@pytest.mark.parametrize("door", [by_service, by_command, by_api, by_page])
@pytest.mark.parametrize("method", ["sft", "dpo", "kto", "reward"])
def test_a_method_without_training_rows_is_refused(study: Study, method: str, door: Any) -> None:
    release = frozen_release(study, rows=all_but(method))
    said = door(study, release, method)
    assert f"This release has no {NOUNS[CONFIG_OF[method]]} to train on." in said  # type: ignore[index]
    assert not TrainingRun.objects.exists()


def test_only_a_release_that_counts_nothing_is_left_to_the_training() -> None:
    assert records_problem(rows=None, method="sft") is None
    assert records_problem(rows={}, method="sft") is not None
    assert records_problem(rows={"sft": {"train": 1}}, method="sft") is None
    assert records_problem(rows={"sft": {"train": 0, "validation": 5}}, method="sft") is not None
