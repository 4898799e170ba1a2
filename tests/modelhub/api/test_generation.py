"""By API, the other models of a group are compared without a run that has stopped."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from annotations.models import Task
from codesign.accounts.models import User
from codesign.jobs.queries import job_about
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, ModelVersion
from modelhub.queries.generation import KIND
from modelhub.rules.generation import Settings
from modelhub.rules.states import ModelKind
from modelhub.services import generation
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.generation_runs import finish
from tests.support.judging_api import problem

pytestmark = pytest.mark.django_db


class Group:
    """Three models that answer the same prompts. One of them has failed."""

    def __init__(self) -> None:
        self.study: Study = StudyFactory.create()
        self.cohort = CohortFactory.create(study=self.study)
        add_prompts(self.study, "One", "Two, longer")
        first, second, self.failed = generation.start_runs(
            actor=SYSTEM,
            study=self.study,
            versions=[ensure_embedded_model(), *map(self.model, ("a", "b"))],
            settings=Settings(samples=1, batch_size=1),
            round=open_round(self.cohort),
        )
        self.written = [first, second]
        for run in self.written:
            finish(run)
        with transaction.atomic():
            job = job_about(kind=KIND, subject_id=self.failed.id)
            queueing.end(job=job, to=JobState.FAILED)

    def model(self, name: str) -> ModelVersion:
        values = {"kind": ModelKind.FOLDER, "location": "/x", "path": "/x", "sha256": "0" * 64}
        return ModelVersion.objects.create(study=self.study, name=name, **values)

    def leave_out(self, role: Role, run: GenerationRun | None = None) -> Any:
        judges = role in (Role.PANELIST, Role.CLINICIAN)
        cohort = CohortFactory.create(study=self.study, role=role) if judges else None
        member = MemberFactory.create(cohort=cohort) if judges else staff(self.study, role)
        return self.post(member.user, run)

    def post(self, user: User | None, run: GenerationRun | None = None) -> Any:
        client = Client()
        if user:
            client.force_login(user)
        runs = f"/api/v1/studies/{self.study.slug}/generation-runs/"
        return client.post(f"{runs}{(run or self.failed).id}/compare-without/")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ML_ENGINEER])
def test_the_others_are_compared_without_a_failed_run(role: Role) -> None:
    group = Group()
    assert not Task.objects.exists()
    answer = group.leave_out(role)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["id"], told["state"], told["round"]) == (str(group.failed.id), "failed", None)
    assert told["group"] != str(group.written[0].group)
    assert [task.responses.count() for task in Task.objects.all()] == [2, 2]
    assert "No prompts wait" in problem(group.leave_out(role), 409)["title"]


@pytest.mark.parametrize("role", [Role.PANELIST, Role.CLINICIAN, Role.SAFETY_LEAD, Role.AUDITOR])
def test_nobody_else_decides_what_is_compared(role: Role) -> None:
    group = Group()
    problem(group.leave_out(role), 403)
    elsewhere = staff(StudyFactory.create(), Role.COORDINATOR)
    problem(group.post(elsewhere.user), 404)
    problem(group.post(None), 401)
    assert not Task.objects.exists()


def test_a_run_that_holds_nothing_up_cannot_be_left_out() -> None:
    group = Group()
    for run in group.written:
        problem(group.leave_out(Role.COORDINATOR, run), 409)
    group.failed.id = uuid.uuid4()
    problem(group.leave_out(Role.COORDINATOR), 404)
    assert not Task.objects.exists()
