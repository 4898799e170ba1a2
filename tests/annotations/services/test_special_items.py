"""Training items first, hidden checks in between; none of them is a vote."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from annotations.contract.skip import Skip
from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment, Judgement, Round, Seat, TopicChoice
from annotations.queries import listing, progress
from annotations.queries import special_items as queries
from annotations.queries.selection import selection
from annotations.rules.states import Ask, AssignmentState, ItemKind, RoundKind
from annotations.services import (
    assignments,
    prompts,
    putting_off,
    rounds,
    special_items,
    submissions,
)
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from codesign.studies.models import Cohort, Member
from codesign.studies.rules import Role
from tests.factories.annotations import (
    PromptFactory,
    judge,
    judging_round,
    lease,
    make_rubric,
    send,
)
from tests.factories.studies import CohortFactory, staff
from tests.support.judging_page import cohort_of
from tests.support.special_items import ASKS, expected, lead_aside, special_round, work

pytestmark = pytest.mark.django_db


def kinds(member: Member) -> list[str]:
    mine = Assignment.objects.filter(member=member).order_by("leased_at")
    return [str(kind) for kind in mine.values_list("item_kind", flat=True)]


def test_new_members_begin_with_training_items_and_are_paid() -> None:
    first = judge()
    cohort = cohort_of(first)
    judging_round(cohort, tasks=4, overlap=2)
    work(first, 1)
    training = special_round(cohort, RoundKind.TRAINING)
    late, new = first, judge(cohort=cohort)
    work(late, 1)
    held = lease(new)
    assert queries.feedback_on(actor=Actor.of(new.user), assignment=held) is None
    send(held)
    feedback = queries.feedback_on(actor=Actor.of(new.user), assignment=held)
    assert feedback
    assert feedback.expected.explanation == "Warm."
    again = lease(new)
    assignments.stop(actor=Actor.of(new.user), assignment_id=again.id)
    assert lease(new).task_id == again.task_id
    send(lease(new), key="two")
    third = judge(cohort=cohort)
    assert lease(third).task_id == held.task_id
    work(new, 3)
    assert kinds(late) == ["ordinary", "ordinary", "ordinary"]
    assert kinds(new) == ["training"] * 3 + ["ordinary"] * 4
    paid = Assignment.objects.paid().filter(member=new, item_kind="training")
    assert [one.amount_minor for one in paid] == [held.amount_minor] * 2
    assert {seat.state for seat in queries.items_of(round=training)} == {"shared"}
    (part,) = progress.parts_of(round=training)
    assert part.done == 0
    assert _released(cohort) == Judgement.objects.filter(assignment__item_kind="ordinary").count()


def _released(cohort: Cohort) -> int:
    study = cohort.study
    chosen = selection(study=study, purpose="training", going_on=lambda: None)
    listed = listing.judgements(study_id=study.id, asked={}, sources=None)
    read = sum(len((one.judgements or "").splitlines()) for one in chosen.prompts)
    assert read == listed.count()
    return read


def test_a_lease_looks_for_special_texts_only_where_one_may_be_next() -> None:
    member = judge()
    judging_round(cohort_of(member), tasks=4)
    held = lease(member)
    special_round(cohort_of(member), RoundKind.TRAINING)
    special_round(cohort_of(member), RoundKind.ATTENTION)
    with CaptureQueriesContext(connection) as seen:
        following = send(held).next
    assert following
    assert not [query for query in seen if "expectedanswer" in query["sql"]]
    lead_aside(member)
    with CaptureQueriesContext(connection) as seen:
        send(following, key="two")
    assert [query for query in seen if "expectedanswer" in query["sql"]]


def checked_round(cohort: Cohort, *, tasks: int) -> Round:
    """A round in which every lease leads to a check, where there is one."""
    made = judging_round(cohort, tasks=tasks)
    Round.objects.filter(id=made.id).update(check_every=5)
    return made


def test_a_text_comes_back_once_after_ten_others_and_is_no_vote() -> None:
    member = judge()
    made = checked_round(cohort_of(member), tasks=14)
    for number in range(10):
        held = lease(member)
        lead_aside(member)
        send(held, key=str(number))
    assert set(kinds(member)) == {"ordinary"}  # ten others first
    held = lease(member)
    lead_aside(member)
    send(held, key="eleven")
    repeat = lease(member)
    assert repeat.item_kind == ItemKind.REPEAT
    first = Assignment.objects.get(member=member, task=repeat.task_id, item_kind="ordinary")
    assert (first.seat_id, first.state) == (repeat.seat_id, AssignmentState.SUBMITTED)
    assert set(repeat.order_shown) == set(first.order_shown)
    assert repeat.amount_minor == first.amount_minor
    twice = Assignment.objects.get(id=repeat.id)
    twice.id, twice.state = uuid.uuid4(), AssignmentState.RETURNED
    with pytest.raises(DatabaseError, match="task_once_per_member"), transaction.atomic():
        twice.save(force_insert=True)
    assignments.stop(actor=Actor.of(member.user), assignment_id=repeat.id)
    assert lease(member).task_id == repeat.task_id
    sent = send(lease(member), key="again")
    assert not sent.judgement.assignment.check_after
    (part,) = progress.parts_of(round=made)
    assert (part.done, part.total) == (11, 14)
    assert _released(cohort_of(member)) == 11
    retest = queries.retest_of(round=made)
    assert (retest.texts, retest.ratings.compared, retest.ratings.same) == (1, 4, 4)
    assert retest.comparisons.compared == 1
    assert Seat.objects.get(id=repeat.seat_id).state == "filled"


def test_a_skipped_repeat_is_paid_frees_no_seat_and_can_be_undone() -> None:
    member = judge()
    made = checked_round(cohort_of(member), tasks=12)
    work(member, 10)
    held = lease(member)
    lead_aside(member)
    send(held, key="eleven")
    repeat = lease(member)
    actor = Actor.of(member.user)
    skipped = submissions.skip(
        actor=actor, assignment_id=repeat.id, skip=Skip.read(reason="other", note="")
    )
    assert skipped.paid
    again = putting_off.undo_skip(actor=actor, assignment_id=repeat.id)
    assert (again.task_id, again.item_kind) == (repeat.task_id, "repeat")
    assert again.order_shown == repeat.order_shown
    send(again, key="undone")
    (part,) = progress.parts_of(round=made)
    assert (part.done, part.total) == (11, 12)


def test_attention_items_are_mixed_in_and_compared_with_what_was_expected() -> None:
    member = judge()
    checked_round(cohort_of(member), tasks=4)
    attention = special_round(cohort_of(member), RoundKind.ATTENTION, tasks=1)
    held = lease(member)
    lead_aside(member)
    send(held)
    item = lease(member)
    assert item.item_kind == ItemKind.ATTENTION
    send(item, key="item")
    assert queries.feedback_on(actor=Actor.of(member.user), assignment=item) is None
    lead_aside(member)
    work(member, 1)
    assert kinds(member).count("attention") == 1
    result = queries.attention_of(round=attention)
    assert (result.texts, result.ratings.compared, result.ratings.near) == (1, 4, 4)


def test_topics_intensity_and_withdrawal_hold_for_special_texts_too() -> None:
    member = judge()
    cohort = cohort_of(member)
    judging_round(cohort, tasks=2)
    training = special_round(cohort, RoundKind.TRAINING, tasks=1)
    (seat,) = queries.items_of(round=training)
    prompts.withdraw_prompt(actor=SYSTEM, prompt=seat.task.prompt)
    assert lease(member).item_kind == "ordinary"
    other = judge(cohort=cohort)
    heavy = special_round(cohort, RoundKind.TRAINING, tasks=1, topics=["sleep"], intensity=3)
    assert lease(other).covered
    assert lease(other).task_id == queries.items_of(round=heavy).get().task_id
    careful = judge(cohort=cohort)
    TopicChoice.objects.create(member=careful, topic="sleep", choice="never")
    assert lease(careful).item_kind == "ordinary"


def test_only_whole_rounds_open_and_only_coordinators_say_what_is_expected() -> None:
    cohort = CohortFactory.create()
    study = cohort.study
    made = special_round(cohort, RoundKind.TRAINING, opened=False)
    with pytest.raises(Conflict, match="2 texts have no expected answers"):
        rounds.open_round(actor=SYSTEM, round=made)
    seat = queries.items_of(round=made)[0]
    item = queries.item_in(study_id=study.id, seat_id=seat.id)
    with pytest.raises(Invalid, match="missing or invalid"):
        special_items.expect(actor=SYSTEM, seat=item, sent=UncheckedSubmission({}), explanation="")
    with pytest.raises(NotPermitted, match="Your role"):
        special_items.expect(
            actor=Actor.of(staff(study, Role.AUDITOR).user),
            seat=item,
            sent=UncheckedSubmission(expected(item)),
            explanation="",
        )


def test_special_rounds_are_small_and_their_prompts_stay_apart() -> None:
    cohort = CohortFactory.create()
    study = cohort.study
    made = special_round(cohort, RoundKind.TRAINING, opened=False)
    seat = queries.items_of(round=made)[0]
    prompt = seat.task.prompt
    plan = rounds.CohortPlan(cohort, make_rubric(study), ASKS, 1)
    other = judging_round(cohort, tasks=0)
    with pytest.raises(Conflict, match="in no other round"):
        rounds.add_tasks(actor=SYSTEM, round=other, items=[(prompt, list(prompt.responses.all()))])
    asked: dict[str, Any] = {
        "actor": SYSTEM,
        "study": study,
        "kind": RoundKind.TRAINING,
        "title": "Other",
        "cohorts": [plan],
        "external_ids": [prompt.external_id],
    }
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"external_ids": []}, "from 1 to 50"),
        ({"external_ids": ["none"]}, "No prompt in use"),
        ({"kind": RoundKind.JUDGING}, "training or an attention"),
        ({"external_ids": [PromptFactory.create(study=study).external_id]}, "two different"),
    ]
    for changes, says in wrong:
        with pytest.raises(Invalid, match=says):
            special_items.plan_round(**asked | changes)
    with pytest.raises(Conflict, match="in no other round"):
        special_items.plan_round(**asked)
    with pytest.raises(Invalid, match="ratings and comparisons"):
        special_items.plan_round(
            **asked | {"cohorts": [rounds.CohortPlan(cohort, plan.rubric, [Ask.FLAG], 1)]}
        )
    with pytest.raises(Invalid, match="at most one in 5"):
        rounds.make_round(
            actor=SYSTEM,
            study=study,
            kind=RoundKind.JUDGING,
            title="Often",
            cohorts=[plan],
            check_every=4,
        )
