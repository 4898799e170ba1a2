"""Several models in one round: one task for each prompt, with responses of all of them."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from annotations.models import Response, Task, TaskResponse
from codesign.jobs.queries import job_about
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import GenerationRun, ModelVersion, WaitingPrompt
from modelhub.queries.generation import KIND, tasks_of_group
from modelhub.rules.generation import Settings
from modelhub.rules.states import ModelKind
from modelhub.services import chunks, generation
from modelhub.services.versions import ensure_embedded_model
from modelhub.services.writing import Draft
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, StudyFactory, staff
from tests.support.generation_runs import claim, claimed, finish, wanted, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def models(study: Study, count: int) -> list[ModelVersion]:
    others = [
        ModelVersion.objects.create(
            study=study,
            name=f"model-{number}",
            kind=ModelKind.FOLDER,
            location="/x",
            path="/x",
            sha256="0" * 64,
        )
        for number in range(1, count)
    ]
    return [ensure_embedded_model(), *others]


def start(
    study: Study,
    count: int,
    *,
    samples: int = 1,
    run_id: uuid.UUID | None = None,
    actor: Actor = SYSTEM,
) -> list[GenerationRun]:
    add_prompts(study, "One", "Two, longer", "Three, longest")
    return generation.start_runs(
        actor=actor,
        study=study,
        versions=models(study, count),
        settings=Settings(samples=samples, batch_size=1),
        round=open_round(CohortFactory.create(study=study)),
        run_id=run_id,
    )


def shown() -> list[int]:
    """The number of responses of each task."""
    return sorted(task.responses.count() for task in Task.objects.all())


def test_a_prompt_becomes_a_task_when_every_model_has_answered(study: Study) -> None:
    first, second = start(study, 2)
    assert first.group == second.group
    finish(first)
    assert not Task.objects.exists()
    while work := claim(second):
        write(work)
    second.refresh_from_db()
    assert shown() == [2, 2, 2]
    assert tasks_of_group(run=first) == tasks_of_group(run=second) == 3
    for task in Task.objects.all():
        assert task.responses.values("source").distinct().count() == 2


@pytest.mark.parametrize(("role", "tasks"), [(Role.COORDINATOR, 3), (Role.ML_ENGINEER, 0)])
def test_prompts_of_an_ml_engineers_run_wait_for_a_coordinator(
    study: Study, role: Role, tasks: int
) -> None:
    runs = start(study, 2, actor=Actor.of(staff(study, role).user))
    finish(runs[0])
    assert not WaitingPrompt.objects.exists()  # the other model still writes
    finish(runs[1])
    assert Task.objects.count() == tasks
    assert WaitingPrompt.objects.filter(study=study).count() == 3 - tasks
    assert tasks_of_group(run=runs[0]) == tasks


def test_the_tasks_of_a_coordinator_who_has_left_wait_for_another(study: Study) -> None:
    coordinator = staff(study, Role.COORDINATOR)
    (run,) = start(study, 1, samples=2, actor=Actor.of(coordinator.user))
    Member.objects.filter(id=coordinator.id).update(left_at=timezone.now())
    finish(run)
    assert not Task.objects.exists()
    assert WaitingPrompt.objects.filter(study=study).count() == 3


def test_tasks_come_one_by_one_while_both_still_write(study: Study) -> None:
    first, second = start(study, 2)
    for run in (first, second):
        work = claim(run)
        assert work is not None
        write(work)
    assert Task.objects.count() == 1


@pytest.mark.parametrize(("count", "samples", "responses"), [(3, 1, 3), (3, 2, 6), (2, 4, 6)])
def test_up_to_six_responses_are_compared(
    study: Study, count: int, samples: int, responses: int
) -> None:
    for run in start(study, count, samples=samples):
        finish(run)
    assert shown() == [responses] * 3
    by_model = TaskResponse.objects.values_list("task", "response__source").distinct()
    assert by_model.count() == 3 * count  # when six are drawn, no model is left out


def stop(run: GenerationRun, end: str = "failed") -> None:
    with transaction.atomic():
        queueing.end(job=job_about(kind=KIND, subject_id=run.id), to=JobState(end))
    run.refresh_from_db()


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_a_stopped_run_is_waited_for_since_it_can_be_resumed(study: Study, end: str) -> None:
    first, second = start(study, 2, samples=2)
    write(claimed(second))
    stop(second, end)
    finish(first)
    assert len(shown()) < 3  # never one model's responses against each other
    generation.resume_run(actor=SYSTEM, run=second)
    finish(second)
    assert shown() == [4, 4, 4]


def test_the_others_are_compared_without_a_stopped_run_if_a_person_says_so(study: Study) -> None:
    first, second, third = start(study, 3)
    finish(first)
    write(claimed(third))
    stop(third)
    finish(second)
    assert shown() == [3]
    generation.compare_without(actor=SYSTEM, run=third)
    assert shown() == [2, 2, 3]  # a task is never changed after it was made
    assert tasks_of_group(run=first) == 3
    generation.resume_run(actor=SYSTEM, run=third)
    finish(third)
    assert (third.state, shown(), Response.objects.count()) == ("done", [2, 2, 3], 9)


def test_only_a_stopped_run_of_several_can_be_left_out(study: Study) -> None:
    first, second = start(study, 2)
    for run in (first, second):
        with pytest.raises(Conflict, match="No prompts wait for this run"):
            generation.compare_without(actor=SYSTEM, run=run)
    stop(second)
    generation.compare_without(actor=SYSTEM, run=second)
    stop(first)
    for run in GenerationRun.objects.all():
        with pytest.raises(Conflict, match="No prompts wait for this run"):
            generation.compare_without(actor=SYSTEM, run=run)


def test_a_failed_response_is_waited_for_until_its_run_is_done(study: Study) -> None:
    first, second, third = start(study, 3)
    finish(first)
    finish(second)
    work = claimed(third)
    failed = [Draft(item_id=w.item_id, seed=1, error="No.") for w in wanted(work)]
    chunks.save_chunk(work=work, drafts=failed)
    assert not shown()  # resuming the run would try again
    finish(third)
    assert (third.state, shown()) == ("done", [2, 3, 3])


def test_a_repeated_start_returns_the_same_runs(study: Study) -> None:
    key = uuid.uuid4()
    runs = start(study, 2, run_id=key)
    again = generation.start_runs(
        actor=SYSTEM,
        study=study,
        versions=[run.model_version for run in runs],
        settings=Settings(samples=1, batch_size=1),
        round=runs[0].round,
        run_id=key,
    )
    assert again == runs
    with pytest.raises(Conflict, match="already used to start a run"):
        generation.start_runs(
            actor=SYSTEM,
            study=study,
            versions=[runs[0].model_version],
            settings=Settings(samples=2),
            run_id=key,
        )


def test_the_number_of_models_is_bounded_and_each_is_named_once(study: Study) -> None:
    add_prompts(study, "One")
    chosen = models(study, 7)
    for versions in ([], chosen, [chosen[0], chosen[0]]):
        with pytest.raises(Invalid, match="Choose 1 to 6 different models"):
            generation.start_runs(actor=SYSTEM, study=study, versions=versions)
    assert not GenerationRun.objects.exists()
