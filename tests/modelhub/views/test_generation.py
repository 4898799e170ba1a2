"""Pages of runs and models: permissions and content."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from codesign.jobs.queries import job_about
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Member, Study
from codesign.studies.rules import Role
from modelhub.models import GenerationItem, GenerationRun, ModelVersion
from modelhub.queries import generation as queries
from modelhub.rules.generation import Settings
from modelhub.rules.states import ModelKind, RunState
from modelhub.services import chunks, generation
from modelhub.services.versions import ensure_embedded_model
from modelhub.services.writing import Draft
from modelhub.urls import urlpatterns
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff
from tests.support.counting import queries_of
from tests.support.generation_runs import claimed, wanted

pytestmark = pytest.mark.django_db
READING = ("models", "runs", "run", "run-progress", "run-on-home")
WRITING = ("run-start", "run-count", "run-cancel", "run-resume", "run-without")


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.fixture
def run(study: Study) -> GenerationRun:
    return generation.start_run(
        actor=SYSTEM,
        study=study,
        version=ensure_embedded_model(),
        prompts=add_prompts(study, "One", "Two"),
        settings=Settings(batch_size=2),
        round=open_round(CohortFactory.create(study=study)),
    )


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def address(name: str, run: GenerationRun) -> str:
    keys: dict[str, Any] = {"slug": run.study.slug}
    if name not in ("models", "runs", "run-start", "run-count"):
        keys["run_id"] = run.id
    return reverse(f"modelhub:{name}", kwargs=keys)


def write_chunk(run: GenerationRun) -> None:
    work = claimed(run)
    drafts = [
        Draft(item_id=w.item_id, seed=1, text=f"T {w.item_id}", tokens=9) for w in wanted(work)
    ]
    chunks.save_chunk(work=work, drafts=drafts)


def test_every_address_is_tried_here() -> None:
    assert {pattern.name for pattern in urlpatterns if "generation" in str(pattern.pattern)} | {
        "models"
    } == {*READING, *WRITING}


@pytest.mark.parametrize("role", [Role.PANELIST, Role.CLINICIAN, Role.SAFETY_LEAD])
@pytest.mark.parametrize("name", [*READING, *WRITING])
def test_who_judges_is_turned_away_and_learns_no_model(
    run: GenerationRun, role: Role, name: str
) -> None:
    judging = role in (Role.PANELIST, Role.CLINICIAN)
    member = (
        MemberFactory.create(cohort__study=run.study, cohort__role=role)
        if judging
        else staff(run.study, role)
    )
    client = signed_in(member)
    for answer in (client.get(address(name, run)), client.post(address(name, run))):
        assert answer.status_code == 403
        assert b"SmolLM" not in answer.content
        assert str(run.id).encode() not in answer.content


@pytest.mark.parametrize("name", [*READING, *WRITING])
def test_generation_pages_need_membership(run: GenerationRun, name: str) -> None:
    stranger = signed_in(staff(StudyFactory.create()))
    assert stranger.get(address(name, run)).status_code == 404
    assert Client().get(address(name, run)).status_code == 302


@pytest.mark.parametrize(
    "name", ["run", "run-progress", "run-on-home", "run-cancel", "run-resume", "run-without"]
)
def test_a_run_is_found_in_its_own_study_alone(run: GenerationRun, name: str) -> None:
    elsewhere = staff(StudyFactory.create())
    path = reverse(f"modelhub:{name}", kwargs={"slug": elsewhere.study.slug, "run_id": run.id})
    client = signed_in(elsewhere)
    answer = client.post(path) if name in WRITING else client.get(path)
    assert answer.status_code == 404


def test_an_auditor_can_read_but_not_change_runs(run: GenerationRun) -> None:
    client = signed_in(staff(run.study, Role.AUDITOR))
    for name in READING:
        assert client.get(address(name, run)).status_code == 200
    for name in WRITING:
        assert client.post(address(name, run)).status_code == 403
    page = client.get(address("run", run)).content.decode()
    assert "Cancel" not in page
    assert "Start a run" not in client.get(address("runs", run)).content.decode()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ML_ENGINEER])
def test_starting_a_run(study: Study, role: Role) -> None:
    add_prompts(study, "One", "Two")
    add_prompts(study, "Kept back", held_out=True)
    round = open_round(CohortFactory.create(study=study))
    member = staff(study, role)
    client = signed_in(member)
    path = reverse("modelhub:run-start", kwargs={"slug": study.slug})
    shown = client.get(path).content.decode()
    assert "SmolLM2-135M-Instruct" in shown
    fields = {
        "model": str(ensure_embedded_model().id),
        "round": str(round.id),
        "samples": "3",
        "temperature": "0.5",
        "max_new_tokens": "64",
        "seed": "",
        "system_message": "Be kind.",
    }
    answer = client.post(path, fields)
    run = GenerationRun.objects.get()
    assert answer["Location"] == reverse(
        "modelhub:run", kwargs={"slug": study.slug, "run_id": run.id}
    )
    assert (run.samples, run.temperature, run.max_new_tokens) == (3, 0.5, 64)
    assert (run.system_message, run.requested_by, run.round) == ("Be kind.", member.user, round)
    assert run.items.count() == 6
    listed = client.get(reverse("modelhub:runs", kwargs={"slug": study.slug})).content.decode()
    assert member.user.email not in listed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"samples": "0"}, "Please type 1 or more."),
        ({"temperature": "0", "samples": "2"}, "At temperature 0 all responses"),
        ({"model": str(uuid.uuid4())}, "Please choose from the list."),
        ({"system_message": ""}, "required"),
    ],
)
def test_an_invalid_form_shows_its_errors(study: Study, change: dict[str, str], says: str) -> None:
    add_prompts(study, "One")
    client = signed_in(staff(study))
    fields = {
        "model": str(ensure_embedded_model().id),
        "samples": "1",
        "temperature": "0.5",
        "max_new_tokens": "64",
        "system_message": "Be kind.",
    }
    answer = client.post(
        reverse("modelhub:run-start", kwargs={"slug": study.slug}), fields | change
    )
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not GenerationRun.objects.exists()


def test_a_run_without_prompts_shows_an_error(study: Study) -> None:
    client = signed_in(staff(study))
    fields = {
        "model": str(ensure_embedded_model().id),
        "samples": "1",
        "temperature": "0.5",
        "max_new_tokens": "64",
        "system_message": "Be kind.",
    }
    answer = client.post(reverse("modelhub:run-start", kwargs={"slug": study.slug}), fields)
    assert "no prompts to answer yet" in answer.content.decode()


def test_a_run_page_shows_progress_and_polls_until_the_end(run: GenerationRun) -> None:
    client = signed_in(staff(run.study))
    write_chunk(run)
    page = client.get(address("run", run)).content.decode()
    assert f'hx-get="{address("run-progress", run)}"' in page
    assert "2 of 4 responses" in page
    assert "1 task so far" in page
    assert "writing" in page.lower()
    part = client.get(address("run-progress", run)).content.decode()
    assert part.lstrip().startswith('<section class="card job"')
    assert "50%" in part
    write_chunk(run)
    done = client.get(address("run-progress", run))
    assert (done.content, done["HX-Refresh"]) == (b"", "true")
    page = client.get(address("run", run)).content.decode()
    assert "hx-get" not in page
    assert "4 of 4 responses" in page


def test_cancel_and_resume_by_their_buttons(run: GenerationRun) -> None:
    client = signed_in(staff(run.study))
    assert address("run-cancel", run) in client.get(address("run", run)).content.decode()
    client.post(address("run-cancel", run))
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert client.post(address("run-cancel", run)).status_code == 409
    page = client.get(address("run", run)).content.decode()
    assert address("run-resume", run) in page
    assert address("run-cancel", run) not in page
    client.post(address("run-resume", run))
    run.refresh_from_db()
    assert run.state == RunState.QUEUED


def test_the_pages_of_a_comparison_say_that_a_stopped_run_is_waited_for(study: Study) -> None:
    other = ModelVersion.objects.create(
        study=study, name="other", kind=ModelKind.FOLDER, location="/x", path="/x", sha256="0" * 64
    )
    add_prompts(study, "One", "Two")
    writing, stopped = generation.start_runs(
        actor=SYSTEM,
        study=study,
        versions=[ensure_embedded_model(), other],
        settings=Settings(batch_size=2),
        round=open_round(CohortFactory.create(study=study)),
    )
    client, auditor = signed_in(staff(study)), signed_in(staff(study, Role.AUDITOR))
    sentence = "Tasks wait for a stopped run"
    assert sentence not in client.get(address("run", writing)).content.decode()
    client.post(address("run-cancel", stopped))
    for run in (writing, stopped):
        page = client.get(address("run", run)).content.decode()
        assert sentence in page
        assert address("run-without", stopped) in page
        page = auditor.get(address("run", run)).content.decode()
        assert sentence in page
        assert address("run-without", stopped) not in page
    answer = client.post(address("run-without", stopped))
    assert answer["Location"] == address("run", writing)
    assert sentence not in client.get(address("run", writing)).content.decode()
    assert client.post(address("run-without", stopped)).status_code == 409


def test_a_failed_run_shows_its_reason(run: GenerationRun) -> None:
    job = job_about(kind=queries.KIND, subject_id=run.id)
    with transaction.atomic():
        reason = "The embedded model is not installed."
        queueing.end(job=job, to=JobState.FAILED, reason=reason)
    page = signed_in(staff(run.study)).get(address("run", run)).content.decode()
    assert "The embedded model is not installed." in page


def test_the_home_page_shows_an_unfinished_run(run: GenerationRun) -> None:
    path = reverse("desk:study", kwargs={"slug": run.study.slug})
    seen = signed_in(staff(run.study)).get(path).content.decode()
    assert "Responses from a model" in seen
    assert f'hx-get="{address("run-on-home", run)}?was=waiting%20for%20a%20worker"' in seen
    judging = MemberFactory.create(cohort__study=run.study)
    page = signed_in(judging).get(path).content.decode()
    assert "SmolLM" not in page
    assert address("run", run) not in page


def test_the_home_card_updates_and_announces_only_new_states(run: GenerationRun) -> None:
    client = signed_in(staff(run.study))
    path = address("run-on-home", run)
    part = client.get(path, {"was": "waiting for a worker"}).content.decode()
    assert "0 of 4 responses" in part
    assert "hx-get" in part
    assert "hx-swap-oob" not in part  # standards 5.1 (4.1.3): nothing new, nothing said
    write_chunk(run)
    part = client.get(path, {"was": "waiting for a worker"}).content.decode()
    assert "2 of 4 responses" in part
    assert '<span id="home-run-state" hx-swap-oob="innerHTML">writing</span>' in part
    write_chunk(run)
    part = client.get(path, {"was": "writing"}).content.decode()
    assert "4 of 4 responses" in part
    assert "hx-get" not in part  # it asks no more
    assert ">done</span>" in part


def test_lists_ask_as_much_for_many_as_for_one(
    run: GenerationRun,
) -> None:
    client = signed_in(staff(run.study))
    one = queries_of(client, address("runs", run))
    for seed in range(1, 5):
        generation.start_run(
            actor=SYSTEM,
            study=run.study,
            version=ensure_embedded_model(),
            settings=Settings(seed=seed),
        )
    assert queries_of(client, address("runs", run)) == one
    large = generation.start_run(
        actor=SYSTEM,
        study=run.study,
        version=ensure_embedded_model(),
        prompts=add_prompts(run.study, *(f"Worry {n}" for n in range(9))),
        settings=Settings(batch_size=2),
        round=run.round,
    )
    for writing, chunks_of_two in ((run, 1), (large, 5)):
        for _ in range(chunks_of_two):
            write_chunk(writing)
        done = GenerationItem.objects.filter(run=writing, state="done").count()
        assert done == 2 * chunks_of_two
    assert queries_of(client, address("run", large)) == queries_of(client, address("run", run))
