"""Planning a round on a page, filling it in the background, opening and closing it."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotations.models import Round, RoundFilling, Seat, Task
from annotations.queries import rubrics
from annotations.queries.filling import JOB
from annotations.rules.states import RoundState, Waiting
from annotations.rules.text_kinds import Category
from annotations.services import filling
from annotations.services.rounds import CohortPlan
from benchmarks.people import fill
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about, unfinished
from codesign.jobs.rules import JobState
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Member, Study
from codesign.studies.rules import Role
from tests.factories.annotations import (
    SOURCE_A,
    SOURCE_B,
    PromptFactory,
    ResponseFactory,
    judge,
    judging_round,
    lease,
    make_rubric,
    send,
)
from tests.factories.compensation import set_rate
from tests.factories.studies import CohortFactory, staff
from tests.support.counting import queries_of
from tests.support.jobs import claimed, run
from tests.support.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel() -> Cohort:
    cohort = CohortFactory.create(key="lived-experience", role=Role.PANELIST)
    make_rubric(cohort.study)
    return cohort


def coordinator_of(study: Study, client: Client) -> Member:
    member = staff(study)
    client.force_login(member.user)
    return member


def test_hidden_checks_are_planned_and_kept(client: Client, panel: Cohort) -> None:
    coordinator_of(panel.study, client)
    compared(panel.study)
    assert plan(client, panel, checks="3").status_code == 400
    assert plan(client, panel, checks="20").status_code == 302
    made = Round.objects.get()
    assert made.check_every == 20
    assert rubrics.plan_of(made.id, panel.id).check_every == 20


def compared(study: Study, replies: int = 2, **fields: Any) -> uuid.UUID:
    prompt = PromptFactory.create(study=study, **fields)
    ResponseFactory.create_batch(replies, prompt=prompt)
    return prompt.id


def plan(client: Client, cohort: Cohort, **changes: Any) -> Any:
    prefix = cohort.key
    sent = {
        "title": "Second round",
        "which": "not_asked",
        "categories": list(Category),
        "responses": "2",
        f"{prefix}-takes_part": "on",
        f"{prefix}-rubric": str(cohort.study.rubrics.latest("version").id),
        f"{prefix}-asks": ["rating", "ranking"],
        f"{prefix}-overlap": "2",
    }
    return client.post(address("round-plan", cohort.study), sent | changes)


def address(name: str, study: Study, **keys: Any) -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": study.slug} | keys)


def filled(made: Round) -> RoundFilling:
    run(JOB, made.id)
    return RoundFilling.objects.get(round=made)


def test_a_coordinator_plans_fills_opens_and_closes_a_round(
    client: Client, panel: Cohort, django_capture_on_commit_callbacks: Any
) -> None:
    study = panel.study
    coordinator_of(study, client)
    set_rate(panel)
    ready = compared(study)
    compared(study, replies=1)
    compared(study, held_out=True)
    page = client.get(address("round-plan", study)).content.decode()
    assert "Plan the round" in page
    answer = plan(client, panel, **{f"{panel.key}-asks": ["rating", "ranking", "highlight"]})
    made = Round.objects.get(study=study)
    assert made.cohorts.get().asks == ["rating", "ranking", "highlight"]
    assert answer.headers["Location"] == address("round", study, round_id=made.id)
    assert made.state == RoundState.PLANNED
    shown = client.get(answer.headers["Location"]).content.decode()
    assert "Prompts for this round" in shown
    assert "Mark passages" in shown
    filled(made)
    assert job_about(kind=JOB, subject_id=made.id).state == JobState.DONE
    assert list(Task.objects.filter(round=made).values_list("prompt", flat=True)) == [ready]
    assert Seat.objects.filter(task__round=made, offered=False).count() == 2
    member = judge(cohort=panel)
    shown = client.get(answer.headers["Location"]).content.decode()
    assert "1 prompt was added." in shown
    assert "1 was left out" in shown
    assert "0 of 2" in shown

    assert client.post(address("round-open", study, round_id=made.id)).status_code == 302
    send(lease(member))
    assert "1 of 2" in client.get(answer.headers["Location"]).content.decode()
    close = address("round-close", study, round_id=made.id)
    assert "Close the round" in client.get(close).content.decode()
    made.refresh_from_db()
    assert made.state == RoundState.OPEN
    assert client.post(close).status_code == 302
    made.refresh_from_db()
    assert made.state == RoundState.CLOSED


def key_of(client: Client, study: Study) -> str:
    page = client.get(address("round-plan", study)).content.decode()
    match = re.search(r'name="key" value="([0-9a-f-]{36})"', page)
    assert match
    return match[1]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_without_scripts_plans_one_round(client: Client, panel: Cohort) -> None:
    coordinator_of(panel.study, client)
    compared(panel.study)
    key = key_of(client, panel.study)

    def click(_: int) -> Any:
        try:
            return plan(client, panel, key=key)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        answers = [*pool.map(click, range(3))]
    made = Round.objects.get()
    where = address("round", panel.study, round_id=made.id)
    assert [answer.headers["Location"] for answer in answers] == [where] * 3
    assert RoundFilling.objects.count() == 1
    assert key_of(client, panel.study) != key


@pytest.mark.parametrize("changes", [{"title": "Another"}, {"responses": "3"}, {"which": "none"}])
def test_another_plan_from_the_same_page_is_refused(
    client: Client, panel: Cohort, changes: dict[str, str]
) -> None:
    coordinator_of(panel.study, client)
    compared(panel.study)
    key = key_of(client, panel.study)
    plan(client, panel, key=key)
    answer = plan(client, panel, key=key, **changes)
    assert answer.status_code == 400
    assert "has already planned a round" in answer.content.decode()
    assert Round.objects.get().title == "Second round"


def test_a_round_key_of_another_study_is_refused(client: Client, panel: Cohort) -> None:
    theirs = judging_round(judge().cohort)
    coordinator_of(panel.study, client)
    compared(panel.study)
    assert plan(client, panel, key=str(theirs.id)).status_code == 400
    assert not Round.objects.filter(study=panel.study).exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": ""}, "Please fill this in."),
        ({"responses": "1"}, "Please type 2 or more."),
        ({"responses": "7"}, "Please type 6 or less."),
        ({"categories": []}, "Please choose at least one."),
        ({"lived-experience-asks": []}, "Please choose at least one."),
        ({"lived-experience-overlap": "0"}, "Please type 1 or more."),
        ({"lived-experience-rubric": str(uuid.uuid4())}, "Please choose one from the list."),
        ({"lived-experience-takes_part": ""}, "Choose at least one cohort."),
        ({"categories": ["assessment"]}, "This study has no such prompts."),
    ],
)
def test_an_invalid_plan_is_refused_and_keeps_the_input(
    changes: dict[str, Any], says: str, client: Client, panel: Cohort
) -> None:
    coordinator_of(panel.study, client)
    compared(panel.study)
    answer = plan(client, panel, **changes)
    assert answer.status_code == 400
    page = answer.content.decode()
    assert says in page
    assert ("Second round" in page) is ("title" not in changes)
    assert not Round.objects.exists()


def test_the_questions_of_another_study_are_refused(client: Client, panel: Cohort) -> None:
    coordinator_of(panel.study, client)
    compared(panel.study)
    foreign = make_rubric(CohortFactory.create().study)
    answer = plan(client, panel, **{f"{panel.key}-rubric": str(foreign.id)})
    assert answer.status_code == 400
    assert not Round.objects.exists()


def test_an_empty_round_waits_for_replies(client: Client, panel: Cohort) -> None:
    coordinator_of(panel.study, client)
    assert plan(client, panel, which="none").status_code == 302
    assert not RoundFilling.objects.exists()
    made = Round.objects.get()
    page = client.get(address("round", panel.study, round_id=made.id)).content.decode()
    assert "no tasks yet" in page


def test_the_form_starts_from_the_round_before(client: Client, panel: Cohort) -> None:
    coordinator_of(panel.study, client)
    clinicians = CohortFactory.create(
        study=panel.study, key="clinician", role=Role.CLINICIAN, position=1
    )
    judging_round(panel, overlap=7, asks=["ranking"])
    page = client.get(address("round-plan", panel.study))
    first, second = page.context["cohorts"]
    assert (first.cohort, second.cohort) == (panel, clinicians)
    assert first["overlap"].value() == 7
    assert first["asks"].value() == ["ranking"]
    assert first["takes_part"].value()
    assert not second["takes_part"].value()


def started(panel: Cohort, which: Waiting, responses: int = 2) -> Round:
    return filling.plan_round(
        actor=SYSTEM,
        study=panel.study,
        title="Second round",
        cohorts=[
            CohortPlan(
                cohort=panel,
                rubric=panel.study.rubrics.get(version=1),
                asks=["ranking"],
                overlap=1,
            )
        ],
        fill=filling.Fill(which=which, categories=[Category.EDUCATION], responses=responses),
    )


@pytest.mark.parametrize(("which", "placed"), [(Waiting.NOT_ASKED, 1), (Waiting.EVERY, 2)])
def test_the_choice_of_prompts_decides_the_size_of_a_round(
    which: Waiting, placed: int, panel: Cohort
) -> None:
    judging_round(panel)
    compared(panel.study)
    compared(panel.study, category=Category.ASSESSMENT)
    compared(CohortFactory.create().study)
    assert filled(started(panel, which)).placed == placed


def test_no_text_is_shown_twice(panel: Cohort) -> None:
    prompt = PromptFactory.create(study=panel.study)
    for text in ("old", "same", "same"):
        ResponseFactory.create(prompt=prompt, text=text)
    made = started(panel, Waiting.EVERY, responses=4)
    filled(made)
    assert sorted(made.tasks.get().responses.values_list("text", flat=True)) == ["old", "same"]


def test_a_later_round_asks_about_the_replies_that_were_left_out(panel: Cohort) -> None:
    prompt = PromptFactory.create(study=panel.study)
    for number in range(7):
        ResponseFactory.create(prompt=prompt, source=(SOURCE_A, SOURCE_B)[number % 2])
    asked = []
    for _ in range(3):
        made = started(panel, Waiting.EVERY, responses=3)
        filled(made)
        task = made.tasks.get()
        assert task.drawn_from == 7
        asked.append(set(task.responses.values_list("id", flat=True)))
        assert len(set(task.responses.values_list("source", flat=True))) == 2
    first, second, third = asked
    assert not first & second
    assert len(first | second | third) == 7


def test_a_stopped_filling_keeps_what_is_in_and_takes_no_more(
    client: Client, panel: Cohort
) -> None:
    coordinator_of(panel.study, client)
    there = judging_round(panel, tasks=0, opened=False)
    many = filling.BATCH + 1
    fill(study_id=panel.study_id, round_id=there.id, cohort_id=panel.id, tasks=many)
    made = started(panel, Waiting.EVERY)
    with claimed(JOB, made.id) as work:
        assert filling._fill_batch(work)
    stop = address("round-stop-filling", panel.study, round_id=made.id)
    assert client.post(stop).status_code == 302
    assert client.post(stop).status_code == 409
    assert filled(made).placed == filling.BATCH
    assert not unfinished(kind=JOB).exists()
    half = started(panel, Waiting.EVERY)
    with claimed(JOB, half.id) as work:
        assert filling._fill_batch(work)
    assert filled(half).placed == many


@pytest.mark.django_db(transaction=True)
def test_two_workers_fill_a_round_once(panel: Cohort) -> None:
    for _ in range(20):
        compared(panel.study)
    made = started(panel, Waiting.EVERY)
    at_once(*[partial(run, JOB, made.id)] * 4)
    assert filled(made).placed == 20
    assert made.tasks.count() == 20


def test_a_round_without_a_pay_rate_cannot_open(client: Client, panel: Cohort) -> None:
    coordinator_of(panel.study, client)
    compared(panel.study)
    made = started(panel, Waiting.EVERY)
    answer = client.post(address("round-open", panel.study, round_id=made.id))
    assert answer.status_code == 409
    assert "has no pay rate yet" in answer.content.decode()
    made.refresh_from_db()
    assert made.state == RoundState.PLANNED


def test_queries_do_not_grow_with_the_round(client: Client, panel: Cohort) -> None:
    coordinator_of(panel.study, client)
    made = judging_round(panel)
    shown = address("round", panel.study, round_id=made.id)
    few = queries_of(client, shown)
    more = judging_round(panel, tasks=4, overlap=3)
    judge(cohort=panel)
    assert queries_of(client, address("round", panel.study, round_id=more.id)) == few


DOORS = ["round-plan", "round", "round-filled", "round-stop-filling", "round-open", "round-close"]


@pytest.fixture
def doors(panel: Cohort) -> dict[str, str]:
    compared(panel.study)
    keys = {"round_id": started(panel, Waiting.EVERY).id}
    return {n: address(n, panel.study, **({} if n == "round-plan" else keys)) for n in DOORS}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_nobody_else_plans_or_moves_rounds(
    role: Role, doors: dict[str, str], client: Client, panel: Cohort
) -> None:
    clinicians = CohortFactory.create(study=panel.study, role=Role.CLINICIAN)
    own = {Role.PANELIST: panel, Role.CLINICIAN: clinicians}.get(role)
    client.force_login((judge(cohort=own) if own else staff(panel.study, role)).user)
    for name in ("round-stop-filling", "round-open", "round-close", "round-plan"):
        assert client.post(doors[name]).status_code == 403
    reads = 200 if role == Role.AUDITOR else 403
    for name in ("round", "round-filled"):
        assert client.get(doors[name]).status_code == reads
    assert "<button" not in client.get(doors["round"]).content.decode().split("<main")[-1]


def test_another_study_finds_nothing(doors: dict[str, str], client: Client) -> None:
    """A coordinator of another study gets 404 for both studies' addresses."""
    own = coordinator_of(CohortFactory.create().study, client).study
    at_home = [address(n, own, round_id=Round.objects.get().id) for n in DOORS if n != "round-plan"]
    for door in (*doors.values(), *at_home):
        statuses = {client.get(door).status_code, client.post(door).status_code}
        assert 404 in statuses, door
        assert statuses <= {404, 405}, door
    assert Round.objects.get().state == RoundState.PLANNED
    assert Job.objects.get(kind=JOB).state == JobState.QUEUED
