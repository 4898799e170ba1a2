"""Generation runs without a model: items, claims, late workers, cancel and resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from annotations.models import Prompt, Response, Task
from annotations.services.prompts import withdraw_prompt
from codesign.audit.models import Event
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.services.pulse import Stopped
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
from tests.support import jobs
from tests.support.generation_runs import answers, claim, claimed, finish, start, worker, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def job_of(run: GenerationRun) -> Job:
    return job_about(kind=queries.KIND, subject_id=run.id)


def states(run: GenerationRun) -> list[str]:
    return list(
        GenerationItem.objects.filter(run=run).order_by("id").values_list("state", flat=True)
    )


def test_items_are_sorted_by_length_and_the_first_chunk_has_one_prompt(study: Study) -> None:
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
    assert job_of(run).call == 1


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


def test_held_out_and_withdrawn_prompts_are_not_answered_by_default(study: Study) -> None:
    add_prompts(study, "Held out", held_out=True)
    (pulled,) = add_prompts(study, "Pulled")
    withdraw_prompt(actor=SYSTEM, prompt=pulled)
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
    progress = queries.how_far(run=run)
    assert (progress.done, progress.total) == (6, 6)
    assert claim(run) is None


def test_a_task_comes_as_soon_as_its_prompt_is_done(study: Study) -> None:
    round = open_round(CohortFactory.create(study=study))
    run = start(study, settings=Settings(batch_size=3), round=round)
    seen = []
    while work := claim(run):
        write(work)
        seen.append(Task.objects.count())
    assert seen == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_two_workers_get_different_chunks() -> None:
    run = start(StudyFactory.create(), settings=Settings(batch_size=2))
    with worker(run) as first, worker(run) as second:
        assert first
        assert second
        assert first.part != second.part


def test_a_worker_with_a_lost_claim_saves_nothing(study: Study) -> None:
    run = start(study)
    dead = claimed(run)
    late = answers(dead)
    again = claimed(run)
    assert again.part == dead.part
    assert list(run.items.filter(chunk=again.part).values_list("attempts", flat=True)) == [2, 2]
    with pytest.raises(Stopped):
        chunks.save_chunk(work=dead, drafts=late)
    assert Response.objects.count() == 0
    write(again)
    assert Response.objects.count() == 2


def test_a_chunk_that_kills_its_workers_fails_in_the_end(study: Study) -> None:
    run = start(study, prompts=add_prompts(study, "One"))
    for _ in range(5):
        claimed(run)
    assert claim(run) is None
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "stopped 5 times" in run.error


def test_failed_items_do_not_keep_a_prompt_out_of_its_round(study: Study) -> None:
    round = open_round(CohortFactory.create(study=study))
    settings = Settings(samples=3, batch_size=2)
    run = start(study, prompts=add_prompts(study, "One"), settings=settings, round=round)
    write(claimed(run))
    for _ in range(5):
        claimed(run)
    assert not Task.objects.exists()
    finish(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 2, 1)
    assert Task.objects.get(round=round).responses.count() == 2


def test_failed_items_are_reported_and_the_others_are_kept(study: Study) -> None:
    round = open_round(CohortFactory.create(study=study))
    run = start(study, settings=Settings(batch_size=8), round=round)
    work = claimed(run)
    drafts = answers(work)
    drafts[1] = Draft(item_id=drafts[1].item_id, seed=1, error="It named its maker.")
    chunks.save_chunk(work=work, drafts=drafts)
    finish(run)
    assert run.state == RunState.DONE
    assert run.error == "1 response could not be written: It named its maker."
    assert Task.objects.count() == 2


def test_cancel_discards_texts_in_progress_and_resume_continues(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=2))
    write(claimed(run))
    running = claimed(run)
    late = answers(running)
    generation.cancel_run(actor=SYSTEM, run=run)
    with pytest.raises(Stopped), transaction.atomic():
        chunks.save_chunk(work=running, drafts=late)
    assert claim(run) is None
    assert states(run) == ["done"] * 2 + ["pending"] * 4
    with pytest.raises(Conflict, match="is cancelled"):
        generation.cancel_run(actor=SYSTEM, run=run)
    generation.resume_run(actor=SYSTEM, run=run)
    finish(run)
    assert run.state == RunState.DONE
    assert Response.objects.count() == 6


def test_a_failed_run_has_a_reason_and_can_be_resumed(
    study: Study, settings: Any, tmp_path: Path
) -> None:
    run = start(study)
    broken(settings, tmp_path)
    jobs.run(queries.KIND, run.id)
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", STOPPED)
    generation.resume_run(actor=SYSTEM, run=run)
    finish(run)
    assert (run.state, run.error) == ("done", "")


def test_a_prompt_withdrawn_during_a_run_is_not_answered(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=2))
    withdraw_prompt(actor=SYSTEM, prompt=Prompt.objects.get(messages__0__content="Two, longer"))
    finish(run)
    assert sorted(states(run)) == ["done"] * 4 + ["failed"] * 2
    assert Response.objects.filter(prompt__withdrawn_at=None).count() == 4


def test_a_worker_dispatches_another_while_chunks_are_left(study: Study) -> None:
    run = start(study, settings=Settings(batch_size=2))
    calls = []
    while work := claim(run):
        calls.append(job_of(run).call)
        write(work)
    assert calls == [2, 3, 3]
    assert not job_of(run).waits


def test_an_equal_run_is_refused_while_the_first_is_unfinished(study: Study) -> None:
    start(study, settings=Settings(seed=7))
    with pytest.raises(Conflict, match="already running"):
        start(study, settings=Settings(seed=7))
    assert start(study, settings=Settings(seed=8)).config_hash


def test_invalid_runs_are_refused(study: Study) -> None:
    other = StudyFactory.create()
    version = ensure_embedded_model()
    imported = ensure_imported_model(actor=SYSTEM, study=study, name="m")
    foreign = ModelVersion.objects.create(study=other, name="f", kind=ModelKind.EMBEDDED)
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"settings": Settings(samples=0)}, "Choose 1 to"),
        ({"version": imported}, "cannot write responses here"),
        ({"version": foreign}, "cannot write responses here"),
        ({"prompts": []}, "no prompts to answer"),
        ({"prompts": add_prompts(other, "Elsewhere")}, "prompts is part of another study"),
        ({"round": open_round(CohortFactory.create(study=other))}, "round is part of another"),
    )
    for extra, said in wrong:
        with pytest.raises(Invalid, match=said):
            start(study, **extra)
    assert version.study_id is None


def test_the_command(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    add_prompts(study, "One", "Two")
    round = open_round(CohortFactory.create(study=study))
    call_command("generate", study.slug, "--model", "SmolLM2-135M-Instruct", "--samples", "3")
    run = GenerationRun.objects.get()
    assert (run.samples, run.round_id, run.items.count()) == (3, round.id, 6)
    assert str(run.id) in capsys.readouterr().out
    with pytest.raises(CommandError, match="Available models: SmolLM2-135M-Instruct"):
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
    with pytest.raises(NotPermitted, match="Your role"):
        start(study, actor=actor)
    for service in (generation.cancel_run, generation.resume_run):
        with pytest.raises(NotPermitted, match="Your role"), transaction.atomic():
            service(actor=actor, run=run)
    with pytest.raises(NotFound, match="generation run does not exist"):
        queries.run_in(study_id=StudyFactory.create().id, run_id=run.id)


def test_unexpected_errors_are_only_in_the_log(
    study: Study, settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the page nor the audit trail gets a class name, a path or a text."""
    run = start(study)
    broken(settings, tmp_path)
    jobs.run(queries.KIND, run.id)
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.FAILED, STOPPED)
    moved = Event.objects.filter(action="modelhub.run_moved", about_id=run.id).latest("id")
    assert moved.data["error"] == STOPPED
    assert "a-file" in caplog.text


STOPPED = "An unexpected error stopped this. The server's log has the details. Try again."


def broken(settings: Any, tmp_path: Path) -> None:
    """No model can be loaded."""
    settings.MODELS_DIR = tmp_path / "a-file"
    settings.MODELS_DIR.write_text("no folder")
