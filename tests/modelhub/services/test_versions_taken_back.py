"""Models with withdrawn training data cannot be used for new work (standards 2.9)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import DatasetRelease
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Conflict
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, ModelVersion, TrainingRun
from modelhub.queries.training import not_compared, trainable_bases
from modelhub.queries.versions import able_to_write
from modelhub.services import generation, training
from modelhub.services.evaluations import plan_evaluation
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import add_prompts, frozen_release, open_round
from tests.factories.studies import CohortFactory, StudyFactory, staff
from tests.support.judging_api import problem
from tests.support.training_runs import trained

pytestmark = pytest.mark.django_db
SAYS = "learnt from judgements that were withdrawn later"


class Family:
    """The embedded model, its child and its grandchild."""

    def __init__(self) -> None:
        self.study: Study = StudyFactory.create()
        add_prompts(self.study, "I cannot sleep.")
        add_prompts(self.study, "My hands shake.", held_out=True)
        open_round(CohortFactory.create(study=self.study))
        self.base = ensure_embedded_model()
        self.first = frozen_release(self.study)
        self.child = self.trained(self.first, self.base)
        self.grandchild = self.trained(frozen_release(self.study), self.child)

    def trained(self, release: DatasetRelease, base: ModelVersion) -> ModelVersion:
        run = training.request_training(actor=SYSTEM, release=release, base=base, method="dpo")
        return trained(run)

    def take_back(self) -> None:
        DatasetRelease.objects.filter(id=self.first.id).update(
            state="superseded", superseded_at=timezone.now()
        )

    def client(self) -> Client:
        client = Client()
        client.force_login(staff(self.study, Role.ML_ENGINEER, Role.COORDINATOR).user)
        return client

    def at(self, name: str, **keys: Any) -> str:
        return reverse(f"modelhub:{name}", kwargs={"slug": self.study.slug, **keys})


@pytest.fixture
def family() -> Family:
    return Family()


def test_a_model_and_its_descendants_are_offered_until_the_withdrawal(family: Family) -> None:
    everyone = {family.base, family.child, family.grandchild}
    for left in (everyone, {family.base}):
        assert set(able_to_write(study_id=family.study.id)) == left
        assert set(trainable_bases(actor=SYSTEM, study=family.study)) == left
        pages = [family.client().get(family.at(name)) for name in ("run-start", "training-start")]
        for page in pages:
            offered = {one for one in everyone if f'value="{one.id}"' in page.content.decode()}
            assert offered == left
        family.take_back()
    assert not_compared(study_id=family.study.id) is None


def test_services_refuse_a_model_with_withdrawn_data(family: Family) -> None:
    run = generation.start_run(actor=SYSTEM, study=family.study, version=family.grandchild)
    generation.cancel_run(actor=SYSTEM, run=run)
    family.take_back()
    release = frozen_release(family.study)
    for one in (family.child, family.grandchild):
        with pytest.raises(Conflict, match=SAYS):
            generation.start_run(actor=SYSTEM, study=family.study, version=one)
        with pytest.raises(Conflict, match=SAYS):
            training.request_training(actor=SYSTEM, release=release, base=one, method="dpo")
        with pytest.raises(Conflict, match=SAYS):
            plan_evaluation(actor=SYSTEM, study=family.study, child=one)
    with pytest.raises(Conflict, match=SAYS):
        generation.resume_run(actor=SYSTEM, run=run)
    generation.start_run(actor=SYSTEM, study=family.study, version=family.base)
    family.trained(release, family.base)


def test_programs_read_the_same_sentence(family: Family) -> None:
    family.take_back()
    client, release = family.client(), frozen_release(family.study)
    train = {"release": str(release.id), "base": family.child.name, "method": "dpo"}
    asked = {
        f"/api/v1/studies/{family.study.slug}/generation-runs/": {"model": family.grandchild.name},
        "/api/v1/training-runs/": train | {"params": {"max_steps": 2}},
    }
    for address, body in asked.items():
        answer = client.post(address, json.dumps(body), content_type="application/json")
        assert SAYS in problem(answer, 409)["title"]
    assert GenerationRun.objects.count() == 0
    assert TrainingRun.objects.filter(release=release).count() == 0


def test_old_forms_are_refused_and_the_model_page_explains_it(family: Family) -> None:
    client = family.client()
    model = family.at("model", model_id=family.grandchild.id)
    assert "Compare with its parent" in client.get(model).content.decode()
    family.take_back()
    page = client.get(model).content.decode()
    assert SAYS in page
    assert "Compare with its parent" not in page
    for name, field, sentence in (
        ("run-start", "model", "Please choose from the list."),
        ("training-start", "base", "Please choose one from the list."),
    ):
        answer = client.post(family.at(name), {field: str(family.child.id)})
        assert sentence in answer.content.decode()
