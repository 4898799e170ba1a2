"""Runs whose model is on a server: texts, budget, faults, and resuming."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.models import Response, Task
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.registry import KINDS
from codesign.jobs.rules import JobState
from codesign.jobs.services import working
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Invalid
from codesign.studies.models import Study
from modelhub.models import GenerationItem, GenerationRun, ModelVersion
from modelhub.queries.generation import KIND
from modelhub.queries.versions import CHECK
from modelhub.rules import generation as rules
from modelhub.rules.generation import Budget, Settings
from modelhub.rules.registering import Registration
from modelhub.rules.states import RunState
from modelhub.services import generation
from modelhub.services.registering import register_model
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, StudyFactory
from tests.support import jobs
from tests.support.generation_runs import claimed, worker
from tests.support.model_server import (
    MODEL,
    Fault,
    ModelServer,
    fails,
    says,
    text_for,
)
from tests.support.running import free_port

pytestmark = pytest.mark.django_db
ODD = "no\x00such \ud800 prompt " + "x" * 5000
"""A text that a server may send, but the database cannot store."""


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.fixture
def served(study: Study, server: ModelServer) -> ModelVersion:
    return register_served(study, "house", server)


def register_served(study: Study, name: str, server: ModelServer) -> ModelVersion:
    wanted = Registration(name, "server", server.address, served_name=MODEL)
    version = register_model(actor=SYSTEM, study=study, wanted=wanted)
    jobs.run(CHECK, version.id)
    version.refresh_from_db()
    server.asked.clear()
    return version


def start(study: Study, version: ModelVersion, *, prompts: int = 6, **more: Any) -> GenerationRun:
    values: dict[str, Any] = {
        "actor": SYSTEM,
        "study": study,
        "version": version,
        "prompts": add_prompts(study, *(f"Prompt {number}" for number in range(prompts))),
        "settings": Settings(samples=1, batch_size=2, system_message="Be kind."),
    }
    return generation.start_run(**values | more)


def answer(run: GenerationRun) -> Job:
    """Answer the messages of a run until it has ended or waits."""
    while (job := jobs.run(KIND, run.id)).waits and job.state == JobState.RUNNING:
        pass
    run.refresh_from_db()
    return job


def test_a_server_writes_all_responses_and_makes_tasks(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    round = open_round(CohortFactory.create(study=study))
    settings = Settings(
        samples=2,
        temperature=0.6,
        top_p=0.8,
        max_new_tokens=33,
        system_message="Be kind.",
        template_arguments={"enable_thinking": False},
    )
    run = start(study, served, round=round, settings=settings)
    answer(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 12, 0)
    assert Task.objects.filter(round=round).count() == 6
    assert (run.tokens_read, run.tokens_written) == (12 * 40, 12 * 10)
    bodies = [body for _path, _headers, body in server.asked]
    assert {(b["temperature"], b["top_p"], b["max_tokens"]) for b in bodies} == {(0.6, 0.8, 33)}
    assert {str(b["chat_template_kwargs"]) for b in bodies} == {"{'enable_thinking': False}"}
    assert len({b["seed"] for b in bodies}) == 12


def test_the_server_learns_nothing_about_people_or_the_study(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    run = start(study, served)
    answer(run)
    assert run.state == RunState.DONE
    assert len(server.asked) == run.done
    names = {"model", "messages", "max_tokens", "temperature", "top_p", "seed"}
    for _path, headers, body in server.asked:
        assert set(body) == names
        assert [set(message) for message in body["messages"]] == [{"role", "content"}] * 2
        sent = f"{headers} {body}"
        for secret in (study.slug, study.title, str(study.id), str(run.id), "prompt-"):
            assert secret not in sent


def test_a_budget_of_tokens_stops_the_run_which_resumes_with_a_higher_one(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    run = start(study, served, budget=Budget(most_tokens=320))
    job = answer(run)
    assert run.state == RunState.FAILED
    assert job.reason == "The budget of this run is used up. Raise it, then resume the run."
    assert 0 < run.done < 6
    assert run.tokens_read + run.tokens_written == 50 * run.done <= 320
    written = run.done
    generation.resume_run(actor=SYSTEM, run=run, budget=Budget(most_tokens=10_000))
    answer(run)
    assert (run.state, run.done) == (RunState.DONE, 6)
    assert len(server.asked) == 6  # nothing was written twice
    assert written < 6


def test_a_used_up_budget_makes_no_task_of_one_model_s_responses(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    add_prompts(study, *(f"Prompt {number}" for number in range(10)))
    other = register_served(study, "other", server)
    first, second = generation.start_runs(
        actor=SYSTEM,
        study=study,
        versions=[served, other],
        round=open_round(CohortFactory.create(study=study)),
        settings=Settings(batch_size=2),
    )
    GenerationRun.objects.filter(id=second.id).update(most_tokens=400)
    answer(second)
    answer(first)
    assert (first.state, second.state) == (RunState.DONE, RunState.FAILED)
    generation.resume_run(actor=SYSTEM, run=second, budget=Budget(most_tokens=10**6))
    answer(second)
    tasks = Task.objects.all()
    assert (second.done, tasks.count()) == (20, 10)
    assert {task.responses.values("source").distinct().count() for task in tasks} == {2}


def test_a_budget_of_money_counts_prices(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    euro = 10**6
    budget = Budget(most_micros=170, currency="EUR", price_read=euro // 10, price_written=euro)
    run = start(study, served, budget=budget)
    answer(run)
    assert run.state == RunState.FAILED
    cost = rules.cost_of(read=run.tokens_read, written=run.tokens_written, budget=budget)
    assert run.done == 4  # another text could cost 122
    assert cost == 4 * 14


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        (Budget(most_tokens=0), "at least 1 token"),
        (Budget(most_micros=1), "A budget of money needs"),
        (Budget(most_micros=1, currency="EUR"), "A budget of money needs"),
        (Budget(most_micros=1, price_read=1), "A budget of money needs"),
        (Budget(currency="EURO"), "Enter the code of a currency"),
        (Budget(price_read=-1), "Enter a price"),
    ],
)
def test_an_impossible_budget_is_refused(
    study: Study, served: ModelVersion, budget: Budget, says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        start(study, served, budget=budget)
    assert not GenerationRun.objects.exists()


def test_a_long_retry_after_delays_the_run(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    server.faults = [fails(429, Retry_After="300")]
    run = start(study, served)
    job = answer(run)
    assert (run.state, job.state, job.reason) == (RunState.QUEUED, "queued", "The server is busy.")
    assert 290 < (job.due_at - job.moves.latest("id").at).total_seconds() <= 301
    assert set(run.items.values_list("attempts", flat=True)) == {0}
    job.due_at = job.created_at
    job.save(update_fields=["due_at"])
    answer(run)
    assert (run.state, run.done) == (RunState.DONE, 6)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (fails(401), "The server refused the key."),
        (fails(404), "The server does not know the model"),
        (says("Hello.", model="another"), "Register the model again."),
    ],
)
def test_a_run_that_a_permanent_error_ended_can_be_resumed(
    study: Study, served: ModelVersion, server: ModelServer, fault: Fault, sentence: str
) -> None:
    server.always = fault
    run = start(study, served)
    job = answer(run)
    assert run.state == RunState.FAILED
    assert sentence in job.reason
    assert len(server.asked) <= 2
    server.always = None
    generation.resume_run(actor=SYSTEM, run=run)
    answer(run)
    assert (run.state, run.done) == (RunState.DONE, 6)


def test_a_server_that_is_away_is_tried_again_and_then_given_up(
    study: Study, served: ModelVersion, settings: Any
) -> None:
    settings.MODEL_SERVERS = [f"http://127.0.0.1:{free_port()}/v1"]
    away = ModelVersion.objects.create(
        study=study,
        name="away",
        kind="server",
        location=settings.MODEL_SERVERS[0],
        served_name=MODEL,
    )
    run = start(study, away, prompts=1)
    for seconds in rules.AWAY_SECONDS:
        job = answer(run)
        assert job.state == JobState.QUEUED
        assert "cannot be reached" in job.reason
        waits = (job.due_at - job.moves.latest("id").at).total_seconds()
        assert seconds - 2 < waits <= seconds
        job.due_at = job.created_at
        job.save(update_fields=["due_at"])
    answer(run)
    assert run.state == RunState.FAILED
    assert "cannot be reached" in run.error


def test_one_refused_prompt_does_not_stop_the_others(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    server.faults = [fails(400, "too long")]
    run = start(study, served)
    answer(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, 5, 1)
    assert "The server refused this prompt (400). too long." in run.error


@pytest.mark.parametrize(
    ("fault", "done", "failed"),
    [
        (fails(400, ODD), 5, 1),
        (says("Rest.", usage={"prompt_tokens": -5, "completion_tokens": 3e9}), 6, 0),
        (says("Rest.", usage={"prompt_tokens": "many", "completion_tokens": float("nan")}), 6, 0),
        (says("Rest.", usage=[]), 6, 0),
        (says("Re\x00st \ud800."), 6, 0),
        (says("Rest.", choices={"a": 1}), 6, 0),
    ],
    ids=["400", "too many tokens", "no number", "no usage", "text", "no choices"],
)
def test_no_odd_answer_ends_the_run(
    study: Study, served: ModelVersion, server: ModelServer, fault: Fault, done: int, failed: int
) -> None:
    server.faults = [fault]
    run = start(study, served)
    answer(run)
    assert (run.state, run.done, run.failed) == (RunState.DONE, done, failed)
    assert run.tokens_written < 2**32


@pytest.mark.parametrize("fault", [fails(404, ODD), says("Hello.", model=ODD)])
def test_an_odd_reason_for_the_end_is_saved(
    study: Study, served: ModelVersion, server: ModelServer, fault: Fault
) -> None:
    server.always = fault
    run = start(study, served)
    job = answer(run)
    assert run.state == RunState.FAILED
    assert "nosuch ? prompt" in job.reason


def test_a_server_that_writes_the_same_text_makes_no_pair(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    server.always = says("Take a walk.")
    round = open_round(CohortFactory.create(study=study))
    run = start(study, served, prompts=1, round=round, settings=Settings(samples=2))
    answer(run)
    assert (run.done, run.failed) == (1, 1)
    assert "The model wrote the same text every time." in run.error
    assert not Task.objects.exists()


@pytest.mark.parametrize("name", ["Made-Up-Model", "Zephyrette", "Answering-9b", "Quillon 12"])
def test_no_text_names_a_compared_model_by_any_of_its_names(
    study: Study, server: ModelServer, name: str
) -> None:
    server.always = lambda handler, body: says(text_for(body), model="answering-9b")(handler, body)
    served = register_served(study, "house", server)
    weights = {"study": study, "path": "/x", "sha256": "0" * 64}
    places = {"hub": "example/zephyrette", "gguf": "/x/quillon-12.gguf"}
    others = [
        ModelVersion.objects.create(name=f"a {kind}", kind=kind, location=place, **weights)
        for kind, place in places.items()
    ]
    server.faults = [says(f"I'm {name}, and I am here to listen to you.", model="answering-9b")]
    add_prompts(study, "Hello")
    run, *_others = generation.start_runs(
        actor=SYSTEM,
        study=study,
        versions=[served, *others],
        settings=Settings(samples=1),
    )
    answer(run)
    assert (run.done, run.items.get().made_again) == (1, 1)
    assert name not in Response.objects.get().text


def test_tokens_of_discarded_texts_count(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    server.faults = [says("I'm ChatGPT, made by OpenAI."), says("")]
    run = start(study, served, prompts=1)
    answer(run)
    assert run.done == 1
    assert run.tokens_written == 30
    assert run.tokens == 10


def test_the_tokens_of_a_cancelled_chunk_count(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    run = start(study, served, prompts=1)
    with worker(run) as work:
        assert work is not None
        generation.cancel_run(actor=SYSTEM, run=run)
        working.carry_out(work=work)
    run.refresh_from_db()
    assert (run.state, run.done) == (RunState.CANCELLED, 0)
    assert (run.tokens_read, run.tokens_written) == (40, 10)


def test_a_killed_worker_s_chunk_is_written_by_the_next(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    run = start(study, served)
    claimed(run)  # and dies
    answer(run)
    assert (run.state, run.done) == (RunState.DONE, 6)
    assert Response.objects.count() == 6


def test_runs_with_a_budget_are_written_by_one_worker_at_a_time(
    study: Study, served: ModelVersion
) -> None:
    settings = Settings(samples=2, batch_size=1)
    run = start(study, served, settings=settings, budget=Budget(most_tokens=10**6))
    assert GenerationItem.objects.filter(run=run).values("chunk").distinct().count() > 1
    next_part = KINDS.get(KIND).next_part
    job = job_about(kind=KIND, subject_id=run.id)
    assert next_part(job) is not None
    with jobs.claimed(KIND, run.id):
        assert next_part(job) is None


def test_answers_are_asked_for_in_parallel(
    study: Study, served: ModelVersion, server: ModelServer
) -> None:
    server.seconds = 0.05
    run = start(study, served, prompts=12, settings=Settings(samples=1, batch_size=4))
    answer(run)
    assert run.done == 12
    assert 2 <= server.most_busy <= 4
