"""Runs: items once, leases, late workers, cancel and resume; no model is needed for these."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from annotations.models import Prompt, Response, Task
from annotations.services.prompts import pull_prompt
from codesign.audit.models import Event
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import GenerationItem, GenerationRun, ModelVersion
from modelhub.queries import generation as queries
from modelhub.rules.generation import Settings
from modelhub.rules.states import ItemState, ModelKind, RunState
from modelhub.services import chunks, generation
from modelhub.services.versions import ensure_embedded_model, ensure_imported_model
from modelhub.services.writing import Draft
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.generation_runs import answers, finish, leased, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def pass_time(run: GenerationRun) -> None:
    """Its leases are over."""
    GenerationItem.objects.filter(run=run, state=ItemState.LEASED).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )


def states(run: GenerationRun) -> list[str]:
    return list(
        GenerationItem.objects.filter(run=run).order_by("id").values_list("state", flat=True)
    )


def test_items_stand_by_length_and_the_first_chunk_is_one_prompt(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=4))
    items = GenerationItem.objects.filter(run=run).order_by("id")
    assert [(i.prompt.messages[0]["content"], i.sample, i.chunk) for i in items] == [
        ("One", 0, 0),
        ("One", 1, 0),
        ("Two, longer", 0, 1),
        ("Two, longer", 1, 1),
        ("Three, longest", 0, 1),
        ("Three, longest", 1, 1),
    ]
    assert run.system_message
    assert run.seed > 0
    assert run.ring == 1


@pytest.mark.parametrize(
    ("prompts", "samples", "batch", "chunks"),
    [
        (1, 2, 8, [0, 0]),
        (3, 2, 2, [0, 0, 1, 1, 2, 2]),
        (4, 2, 4, [0, 0, 1, 1, 1, 1, 2, 2]),
        (2, 3, 2, [0, 0, 1, 1, 2, 2]),
    ],
)
def test_chunks(study: Study, prompts: int, samples: int, batch: int, chunks: list[int]) -> None:
    made = add_prompts(study, *("x" * (number + 1) for number in range(prompts)))
    run = start(study, prompts=made, settings=Settings(samples=samples, batch_size=batch, seed=1))
    items = run.items.order_by("id")
    assert list(items.values_list("chunk", flat=True)) == chunks
    assert [(item.length, item.sample) for item in items] == [
        (number + 1, sample) for number in range(prompts) for sample in range(samples)
    ]


def test_by_default_neither_held_out_nor_pulled_prompts_are_answered(study: Study) -> None:
    add_prompts(study, "Held out", held_out=True)
    (pulled,) = add_prompts(study, "Pulled")
    pull_prompt(actor=SYSTEM, prompt=pulled)
    run = start(study, prompts=None)
    contents = {item.prompt.messages[0]["content"] for item in run.items.all()}
    assert contents == {"One", "Two, longer", "Three, longest"}


def test_a_run_writes_each_item_once_and_makes_tasks(study: Study) -> None:
    round = open_round(CohortFactory.create(study=study))
    run = start(study, settings=Settings(batch_size=3), round=round)
    finish(run)
    assert run.state == RunState.DONE
    assert states(run) == [ItemState.DONE] * 6
    assert Response.objects.count() == 6
    assert Task.objects.filter(round=round).count() == 3
    assert {task.responses.count() for task in Task.objects.all()} == {2}
    assert len({r.source for r in Response.objects.all()}) == 1
    progress = queries.progress_of(run=run)
    assert (progress.done, progress.total) == (6, 6)
    assert chunks.lease_chunk(run_id=run.id) is None


def test_a_task_comes_as_soon_as_its_prompt_is_done(study: Study) -> None:
    round = open_round(CohortFactory.create(study=study))
    run = start(study, settings=Settings(batch_size=3), round=round)
    seen = []
    while lease := chunks.lease_chunk(run_id=run.id):
        chunks.save_chunk(lease=lease, drafts=answers(lease))
        seen.append(Task.objects.count())
    assert seen == [1, 2, 3]


def test_two_workers_get_different_chunks(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=2))
    first, second = leased(run), leased(run)
    assert not {w.item_id for w in first.wanted} & {w.item_id for w in second.wanted}


def test_a_dead_lease_ends_and_the_late_worker_is_refused(study: Study) -> None:
    run = start(study)
    dead = leased(run)
    assert chunks.lease_chunk(run_id=run.id) != dead
    pass_time(run)
    again = leased(run)
    assert [w.item_id for w in again.wanted] == [w.item_id for w in dead.wanted]
    assert [w.attempts for w in again.wanted] == [2, 2]
    assert not chunks.save_chunk(lease=dead, drafts=answers(dead))
    assert Response.objects.count() == 0
    assert chunks.save_chunk(lease=again, drafts=answers(again))
    assert not chunks.save_chunk(lease=again, drafts=answers(again))
    assert Response.objects.count() == 2


def test_a_worker_that_outlives_its_lease_unchallenged_is_kept(study: Study) -> None:
    run = start(study)
    slow = leased(run)
    pass_time(run)
    assert chunks.save_chunk(lease=slow, drafts=answers(slow))


def test_a_chunk_that_kills_its_workers_fails_in_the_end(study: Study) -> None:
    run = start(study, prompts=add_prompts(study, "One"))
    for _ in range(5):
        leased(run)
        pass_time(run)
    assert chunks.lease_chunk(run_id=run.id) is None
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "stopped 5 times" in run.error


def test_what_is_given_up_keeps_no_prompt_out_of_its_round(study: Study) -> None:
    round = open_round(CohortFactory.create(study=study))
    settings = Settings(samples=3, batch_size=2)
    run = start(study, prompts=add_prompts(study, "One"), settings=settings, round=round)
    lease = leased(run)
    assert chunks.save_chunk(lease=lease, drafts=answers(lease))
    for _ in range(5):
        leased(run)
        pass_time(run)
    assert not Task.objects.exists()
    finish(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 2, 1)
    assert Task.objects.get(round=round).responses.count() == 2


def test_failed_items_are_told_and_the_rest_is_kept(study: Study) -> None:
    round = open_round(CohortFactory.create(study=study))
    run = start(study, settings=Settings(batch_size=8), round=round)
    lease = leased(run)
    drafts = answers(lease)
    drafts[1] = Draft(item_id=drafts[1].item_id, seed=1, error="It named its maker.")
    chunks.save_chunk(lease=lease, drafts=drafts)
    finish(run)
    assert run.state == RunState.DONE
    assert run.error == "1 responses could not be written: It named its maker."
    assert Task.objects.count() == 2


def test_cancel_throws_away_what_is_being_written_and_resume_goes_on(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=2))
    finished = leased(run)
    chunks.save_chunk(lease=finished, drafts=answers(finished))
    running = leased(run)
    generation.cancel_run(actor=SYSTEM, run=run)
    assert not chunks.save_chunk(lease=running, drafts=answers(running))
    assert chunks.lease_chunk(run_id=run.id) is None
    assert states(run) == ["done"] * 2 + ["pending"] * 4
    with pytest.raises(Conflict):
        generation.cancel_run(actor=SYSTEM, run=run)
    generation.resume_run(actor=SYSTEM, run=run)
    finish(run)
    assert run.state == RunState.DONE
    assert Response.objects.count() == 6


def test_a_failed_run_says_why_and_can_be_resumed(study: Study) -> None:
    run = start(study)
    leased(run)
    generation.fail_run(run_id=run.id, error="The embedded model is not installed.")
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "The embedded model is not installed.")
    generation.fail_run(run_id=run.id, error="Again.")
    generation.resume_run(actor=SYSTEM, run=run)
    finish(run)
    assert (run.state, run.error) == ("done", "")


def test_a_prompt_pulled_meanwhile_is_not_answered(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=2))
    pull_prompt(actor=SYSTEM, prompt=Prompt.objects.get(messages__0__content="Two, longer"))
    finish(run)
    assert sorted(states(run)) == ["done"] * 4 + ["failed"] * 2
    assert Response.objects.filter(prompt__withdrawn_at=None).count() == 4


def test_rings_void_each_other_and_lost_ones_are_rung_again(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=2))
    assert queries.runs_to_ring(now=timezone.now()) == []
    later = timezone.now() + timedelta(minutes=3)
    assert queries.runs_to_ring(now=later) == [run.id]
    generation.ring(run_id=run.id)
    assert chunks.answer_ring(run_id=run.id, ring=1) is None
    assert chunks.answer_ring(run_id=run.id, ring=2) is not None
    assert queries.runs_to_ring(now=timezone.now()) == [run.id]
    leased(run)
    run.refresh_from_db()
    assert run.ring == 3
    leased(run)
    leased(run)
    run.refresh_from_db()
    assert run.ring == 4
    GenerationRun.objects.update(rung_at=None)
    assert queries.runs_to_ring(now=timezone.now()) == []
    pass_time(run)
    assert generation.ring_waiting() == 1


def test_the_very_same_run_twice_is_refused_while_it_goes_on(study: Study) -> None:
    start(study, settings=Settings(seed=7))
    with pytest.raises(Conflict):
        start(study, settings=Settings(seed=7))
    assert start(study, settings=Settings(seed=8)).config_hash


def test_what_cannot_be_started(study: Study) -> None:
    other = StudyFactory.create()
    version = ensure_embedded_model()
    imported = ensure_imported_model(actor=SYSTEM, study=study, name="m")
    foreign = ModelVersion.objects.create(study=other, name="f", kind=ModelKind.EMBEDDED)
    wrong: tuple[dict[str, Any], ...] = (
        {"settings": Settings(samples=0)},
        {"version": imported},
        {"version": foreign},
        {"prompts": []},
        {"prompts": add_prompts(other, "Elsewhere")},
        {"round": open_round(CohortFactory.create(study=other))},
    )
    for extra in wrong:
        with pytest.raises(Invalid):
            start(study, **extra)
    assert version.study_id is None


def test_the_command(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    add_prompts(study, "One", "Two")
    round = open_round(CohortFactory.create(study=study))
    call_command("generate", study.slug, "--model", "SmolLM2-135M-Instruct", "--samples", "3")
    run = GenerationRun.objects.get()
    assert (run.samples, run.round_id, run.items.count()) == (3, round.id, 6)
    assert str(run.id) in capsys.readouterr().out
    with pytest.raises(CommandError, match="There is: SmolLM2-135M-Instruct"):
        call_command("generate", study.slug, "--model", "nothing")
    with pytest.raises(CommandError, match="1 to 8 responses"):
        call_command("generate", study.slug, "--model", "SmolLM2-135M-Instruct", "--samples", "0")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.COORDINATOR, True),
        (Role.ML_ENGINEER, True),
        (Role.AUDITOR, False),
        (Role.SAFETY_LEAD, False),
        (Role.PANELIST, False),
    ],
)
def test_who_may_start_and_stop(study: Study, role: Role, allowed: bool) -> None:
    member = (
        MemberFactory.create(cohort__study=study) if role == Role.PANELIST else staff(study, role)
    )
    actor = Actor.of(member.user)
    run = start(study)
    if allowed:
        start(study, actor=actor, settings=Settings(seed=3))
        generation.cancel_run(actor=actor, run=run)
        generation.resume_run(actor=actor, run=run)
        return
    with pytest.raises(NotPermitted):
        start(study, actor=actor)
    for service in (generation.cancel_run, generation.resume_run):
        with pytest.raises(NotPermitted), transaction.atomic():
            service(actor=actor, run=run)
    with pytest.raises(NotFound):
        queries.run_in(study_id=StudyFactory.create().id, run_id=run.id)


def test_what_broke_is_for_the_log_alone(
    study: Study, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the page nor the trail, which is hashed, gets a class, a path or a text."""
    run = start(study)
    settings.MODELS_DIR = tmp_path / "a-file"
    settings.MODELS_DIR.write_text("no folder")
    assert not chunks.generate_chunk(run_id=run.id, ring=run.ring)
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.FAILED, chunks.STOPPED)
    moved = Event.objects.filter(action="modelhub.run_moved", about_id=run.id).latest("id")
    assert moved.data["error"] == chunks.STOPPED
    assert "a-file" in caplog.text
