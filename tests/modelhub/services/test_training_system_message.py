"""A model learns with the system message its release was written with, and is asked with it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import DatasetRelease, ReleaseMember, Round
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.engine.generate import DEFAULT_SYSTEM_MESSAGE
from modelhub.models import GenerationRun, TrainingRun
from modelhub.rules.generation import Settings
from modelhub.services import training
from modelhub.services.evaluations import plan_evaluation
from modelhub.services.generation import start_run
from modelhub.services.versions import ensure_embedded_model
from tests.factories.annotations import judge, lease, send
from tests.factories.modelhub import add_prompts, frozen_release, open_round
from tests.factories.studies import StudyFactory, staff
from tests.support.comparisons import write
from tests.support.training_runs import trained

pytestmark = pytest.mark.django_db
KIND, BRIEF = "Be kind to whoever writes.", "Answer with one word."


def answered(study: Study, message: str, *prompts: str, round: Round | None) -> GenerationRun:
    """A run that was told that message and has answered these prompts."""
    run = start_run(
        actor=SYSTEM,
        study=study,
        version=ensure_embedded_model(),
        settings=Settings(samples=2, system_message=message),
        prompts=add_prompts(study, *prompts),
        round=round,
    )
    write(run, lambda number: f"{message} {prompts[0]} {number}")
    return run


def judged(panelist: Member, number: int) -> None:
    for _ in range(number):
        send(lease(panelist))


@pytest.fixture
def panelist() -> Member:
    return judge()


@pytest.fixture
def round_(panelist: Member) -> Round:
    assert panelist.cohort is not None
    return open_round(panelist.cohort)


def released(panelist: Member) -> DatasetRelease:
    """A release with this person's work in it."""
    made = frozen_release(panelist.study)
    ReleaseMember.objects.create(release=made, member=panelist, rows=1)
    return made


def requested(made: DatasetRelease) -> TrainingRun:
    return training.request_training(
        actor=SYSTEM,
        release=made,
        base=ensure_embedded_model(),
        method="dpo",
        params={"max_steps": 2},
    )


def test_training_gets_what_the_responses_were_written_with(
    panelist: Member, round_: Round
) -> None:
    study = panelist.study
    answered(study, KIND, "One", "Two", round=round_)
    judged(panelist, 2)
    made = released(panelist)
    answered(study, BRIEF, "After the release", round=round_)
    judged(panelist, 1)
    run = requested(made)
    assert run.system_message == KIND
    assert requested(released(panelist)).system_message == KIND


def test_where_they_differ_that_of_the_most_responses_counts(
    panelist: Member, round_: Round
) -> None:
    study = panelist.study
    answered(study, KIND, "One", "Two", round=round_)
    answered(study, BRIEF, "Three", round=round_)
    answered(study, BRIEF, "Never", "ever", "judged", round=None)
    judged(panelist, 3)
    assert requested(released(panelist)).system_message == KIND


def test_at_a_tie_the_newer_one_counts(panelist: Member, round_: Round) -> None:
    study = panelist.study
    answered(study, BRIEF, "One", round=round_)
    answered(study, KIND, "Two", round=round_)
    judged(panelist, 2)
    assert requested(released(panelist)).system_message == KIND


def test_where_no_run_wrote_them_it_is_the_newest_of_the_study() -> None:
    study = StudyFactory.create()
    assert requested(frozen_release(study)).system_message == DEFAULT_SYSTEM_MESSAGE
    answered(study, KIND, "One", round=None)
    assert requested(frozen_release(study)).system_message == KIND


def test_another_message_is_another_run() -> None:
    study = StudyFactory.create()
    made = frozen_release(study)
    first = requested(made)
    answered(study, KIND, "One", round=None)
    again = requested(made)  # not refused as the same
    assert again.config_hash != first.config_hash


def test_child_and_parent_are_compared_with_it(panelist: Member, round_: Round) -> None:
    study = panelist.study
    answered(study, KIND, "One", round=round_)
    judged(panelist, 1)
    add_prompts(study, "Held out", held_out=True)
    child = trained(requested(released(panelist)))
    answered(study, BRIEF, "Another", round=None)
    made = plan_evaluation(actor=SYSTEM, study=study, child=child)
    assert [made.parent_run.system_message, made.child_run.system_message] == [KIND, KIND]


def test_pages_say_it(panelist: Member, round_: Round) -> None:
    study = panelist.study
    answered(study, KIND, "One", round=round_)
    judged(panelist, 1)
    run = requested(released(panelist))
    child = trained(run)
    client = Client()
    client.force_login(staff(study, Role.ML_ENGINEER).user)
    names = {"slug": study.slug}
    for url in (
        reverse("modelhub:training-run", kwargs={**names, "run_id": run.id}),
        reverse("modelhub:model", kwargs={**names, "model_id": child.id}),
    ):
        page = client.get(url).content.decode()
        assert KIND in page
        assert DEFAULT_SYSTEM_MESSAGE[:40] not in page
    embedded = reverse("modelhub:model", kwargs={**names, "model_id": ensure_embedded_model().id})
    assert "System message" not in client.get(embedded).content.decode()
