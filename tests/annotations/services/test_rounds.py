"""Rounds, their tasks and rubrics: what is made, and what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import Prompt, Round, Seat, Task
from annotations.queries import assignments as queries
from annotations.queries import rubrics as words
from annotations.rules.states import Ask, RoundKind, RoundState, SeatState
from annotations.services import assignments, rounds, rubrics
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotFound, NotPermitted
from codesign.studies.rules import Role
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    add_task,
    judge,
    judging_round,
    lease,
    make_rubric,
)
from tests.factories.studies import CohortFactory, MemberFactory, staff

pytestmark = pytest.mark.django_db


def offered() -> int:
    return Seat.objects.filter(offered=True).count()


def plan(made: Round, **changes: Any) -> rounds.CohortPlan:
    fields: dict[str, Any] = {
        "cohort": made.study.cohorts.get(),
        "rubric": make_rubric(made.study),
        "asks": [Ask.RATING],
        "overlap": 1,
    }
    return rounds.CohortPlan(**fields | changes)


def test_seats_are_offered_while_the_round_is_open() -> None:
    cohort = CohortFactory.create()
    made = judging_round(cohort, tasks=2, overlap=3, opened=False)
    assert (Seat.objects.count(), offered()) == (6, 0)
    rounds.open_round(actor=SYSTEM, round=made)
    assert set(Seat.objects.filter(offered=True).values_list("number", flat=True)) == {1}
    assert offered() == 2
    add_task(Round.objects.get())
    assert offered() == 3
    rounds.close_round(actor=SYSTEM, round=made)
    assert offered() == 0
    Prompt.objects.filter(tasks=Task.objects.all()[:1]).update(withdrawn_at=timezone.now())
    rounds.open_round(actor=SYSTEM, round=made)
    assert offered() == 2


def test_closing_and_opening_again_offers_the_lowest_free_seat() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=1, overlap=2)
    held = lease(member)
    rounds.close_round(actor=SYSTEM, round=made)
    assert not Seat.objects.filter(offered=True).exists()
    assert Seat.objects.get(state=SeatState.LEASED).number == 1
    rounds.open_round(actor=SYSTEM, round=made)
    assert Seat.objects.get(offered=True).number == 2
    rounds.close_round(actor=SYSTEM, round=made)
    assignments.stop(actor=Actor.of(member.user), assignment_id=held.id)
    assert not Seat.objects.filter(offered=True).exists()
    rounds.open_round(actor=SYSTEM, round=made)
    assert Seat.objects.get(offered=True).number == 1
    with pytest.raises(Conflict, match="round is open"):
        rounds.open_round(actor=SYSTEM, round=made)


@pytest.mark.parametrize("kind", list(RoundKind))
def test_held_out_prompts_are_for_evaluation_alone(kind: RoundKind) -> None:
    made = judging_round(
        CohortFactory.create(), tasks=1, kind=kind, asks=[Ask.RATING], opened=False
    )
    held_out = kind != RoundKind.EVALUATION
    prompt = PromptFactory.create(study=made.study, held_out=held_out)
    with pytest.raises(Invalid, match="Held-out prompts"):
        rounds.add_tasks(
            actor=SYSTEM, round=made, items=[(prompt, [ResponseFactory.create(prompt=prompt)])]
        )


def test_invalid_tasks_are_refused() -> None:
    made = judging_round(CohortFactory.create(), tasks=0)
    prompt = PromptFactory.create(study=made.study)
    good = ResponseFactory.create(prompt=prompt)
    gone = ResponseFactory.create(prompt=prompt, withdrawn_at=timezone.now())
    elsewhere = ResponseFactory.create()
    wrong: list[tuple[Prompt, list[Any], str]] = [
        (prompt, [], "at least one response"),
        (prompt, [good, good], "each response only once"),
        (prompt, [good, gone], "Withdrawn"),
        (prompt, [good, elsewhere], "must belong to its prompt"),
        (elsewhere.prompt, [elsewhere], "belongs to another study"),
    ]
    for which, responses, said in wrong:
        with pytest.raises(Invalid, match=said):
            rounds.add_tasks(actor=SYSTEM, round=made, items=[(which, responses)])
    rounds.add_tasks(actor=SYSTEM, round=made, items=[(prompt, [good])])
    with pytest.raises(Conflict, match="only once"):
        rounds.add_tasks(actor=SYSTEM, round=made, items=[(prompt, [good])])
    other = PromptFactory.create(study=made.study)
    pair = (other, [ResponseFactory.create(prompt=other)])
    with pytest.raises(Conflict, match="only once"):
        rounds.add_tasks(actor=SYSTEM, round=made, items=[pair, pair])
    assert Task.objects.count() == 1


def test_many_tasks_cost_few_queries() -> None:
    counts = []
    for many in (2, 30):
        made = judging_round(CohortFactory.create(), tasks=0, overlap=2)
        prompts = PromptFactory.create_batch(many, study=made.study)
        items = [(prompt, [ResponseFactory.create(prompt=prompt)]) for prompt in prompts]
        with CaptureQueriesContext(connection) as captured:
            tasks = rounds.add_tasks(actor=SYSTEM, round=made, items=items)
        counts.append(len(captured))
        assert [task.prompt for task in tasks] == prompts
        assert Seat.objects.filter(task__round=made).count() == 2 * many
    assert counts[0] == counts[1] <= 12


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"asks": []}, "Choose what to ask"),
        ({"asks": ["sing"]}, "Choose what to ask"),
        ({"asks": ["rating", "rating"]}, "Choose what to ask"),
        ({"overlap": 0}, "at least one seat"),
    ],
)
def test_invalid_plans_are_refused(changes: dict[str, Any], said: str) -> None:
    made = judging_round(CohortFactory.create(), tasks=0)
    with pytest.raises(Invalid, match=said):
        make(made, plan(made, **changes))


def make(made: Round, *plans: rounds.CohortPlan) -> Round:
    return rounds.make_round(
        actor=SYSTEM, study=made.study, kind=RoundKind.JUDGING, title="Another", cohorts=plans
    )


def test_plans_stay_in_their_study() -> None:
    made = judging_round(CohortFactory.create(), tasks=0)
    other = CohortFactory.create()
    for changes in ({"cohort": other}, {"rubric": make_rubric(other.study)}):
        with pytest.raises(Invalid, match="belong to this study"):
            make(made, plan(made, **changes))
    with pytest.raises(Invalid, match="Choose at least one cohort"):
        make(made)


def test_only_a_coordinator_manages_rounds() -> None:
    member = MemberFactory.create()
    made = judging_round(member.cohort, tasks=1, opened=False)
    roles = (Role.SAFETY_LEAD, Role.ML_ENGINEER, Role.AUDITOR)
    for other in (member, *(staff(made.study, role) for role in roles)):
        with pytest.raises(NotPermitted, match="Your role"):
            rounds.open_round(actor=Actor.of(other.user), round=made)
    with pytest.raises(NotFound, match="not in it"):
        rounds.open_round(actor=Actor.of(MemberFactory.create().user), round=made)
    coordinator = Actor.of(staff(made.study).user)
    assert rounds.open_round(actor=coordinator, round=made).state == RoundState.OPEN


def test_a_change_of_a_rubric_is_a_new_version() -> None:
    study = CohortFactory.create().study
    first, second = make_rubric(study), make_rubric(study, keys=["heard"])
    assert (first.version, second.version) == (1, 2)
    shown = words.rubric_in(first.id, "en")
    assert [criterion.key for criterion in shown.criteria] == ["heard", "usable"]
    assert words.rubric_in(first.id, "cy").criteria == shown.criteria
    for keys in ([], ["heard", "heard"]):
        with pytest.raises(Invalid, match="at least one criterion"):
            make_rubric(study, keys=keys)
    with pytest.raises(NotPermitted, match="Your role"):
        rubrics.make_rubric(
            actor=Actor.of(staff(study, Role.AUDITOR).user),
            study=study,
            key="x",
            title="X",
            language="en",
            criteria=[],
        )


def test_the_queue_query_has_the_expected_columns() -> None:
    with transaction.atomic():
        sql = queries.first_free.sql
    seat, task = '"annotations_seat"', '"annotations_task"'
    columns = f'{seat}."id", {seat}."task_id", {seat}."number", {task}."id", {task}."round_id"'
    assert sql.startswith(f"SELECT {columns} FROM")
    assert sql.endswith(f"FOR NO KEY UPDATE OF {task} SKIP LOCKED")


def test_earlier_work_is_looked_up_in_a_hash_table() -> None:
    somebody = queries.first_free.parameters(member_id=uuid.uuid4(), cohort_id=uuid.uuid4())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries.first_free.sql}", somebody)
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert plan.count("hashed SubPlan") == 4  # had, skipped, read in review, put off
