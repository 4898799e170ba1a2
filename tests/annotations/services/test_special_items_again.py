"""A training item or hidden check that ended early: who gets it again, and what it pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from annotations.contract.skip import Skip
from annotations.models import Assignment, Round, TopicChoice
from annotations.queries import special_items as queries
from annotations.rules.states import Ask, ItemKind, RoundKind
from annotations.services import assignments, putting_off, rounds, submissions
from codesign.care.models import Adjustments
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member, Study
from codesign.studies.rules import StudyState
from tests.factories.annotations import judge, judging_round, lease, send
from tests.support.held_pay import without_triggers
from tests.support.judging_page import cohort_of, filled, judge_url, one_url, signed_in
from tests.support.special_items import lead_aside, special_round, work

pytestmark = pytest.mark.django_db
Made = Callable[[], tuple[Member, Round, Assignment]]


def in_training(topics: Sequence[str] = ()) -> tuple[Member, Round, Assignment]:
    member = judge()
    judging_round(cohort_of(member), tasks=3)
    made = special_round(cohort_of(member), RoundKind.TRAINING, topics=list(topics))
    return member, made, lease(member)


def repeated() -> tuple[Member, Round, Assignment]:
    member = judge()
    made = judging_round(cohort_of(member), tasks=14)
    Round.objects.filter(id=made.id).update(check_every=5)
    work(member, 10)
    held = lease(member)
    lead_aside(member)
    send(held, key="before the repeat")
    return member, made, lease(member)


def expire(assignment: Assignment) -> None:
    ended = timezone.now() - timedelta(minutes=1)
    Assignment.objects.filter(id=assignment.id).update(expires_at=ended)
    assignments.expire_leases()


def stop(member: Member, assignment: Assignment) -> None:
    assignments.stop(actor=Actor.of(member.user), assignment_id=assignment.id)


def test_late_work_from_an_old_tab_ends_the_text() -> None:
    member, _made, first = in_training()
    expire(first)
    assert lease(member).task_id == first.task_id
    client = signed_in(member)
    assert client.post(one_url(first), filled(first)).status_code < 400
    assert client.get(judge_url(member), follow=True).status_code == 200


def test_late_work_while_the_study_is_paused_locks_nobody_out() -> None:
    member, _made, first = in_training()
    expire(first)
    lease(member)
    Study.objects.filter(id=member.study_id).update(state=StudyState.PAUSED)
    client = signed_in(member)
    client.post(one_url(first), filled(first))
    Study.objects.filter(id=member.study_id).update(state=StudyState.OPEN)
    assert client.get(judge_url(member)).status_code == 200


def test_not_today_from_an_old_tab_puts_the_text_off() -> None:
    member, _made, first = in_training()
    expire(first)
    lease(member)
    submissions.skip(
        actor=Actor.of(member.user),
        assignment_id=first.id,
        skip=Skip.read(reason="not_today", note=""),
    )
    assert lease(member).task_id != first.task_id


def test_a_topic_refused_after_a_stop_does_not_come_back() -> None:
    member, _made, first = in_training(topics=["sleep"])
    stop(member, first)
    TopicChoice.objects.create(member=member, topic="sleep", choice="never")
    assert lease(member).task_id != first.task_id


def test_a_text_of_a_closed_round_does_not_come_back() -> None:
    member, made, first = in_training()
    stop(member, first)
    rounds.close_round(actor=SYSTEM, round=made)
    assert lease(member).task_id != first.task_id


@pytest.mark.parametrize("make", [in_training, repeated])
def test_a_text_is_paid_once_whatever_is_undone(make: Made) -> None:
    """Prevents pay for each round of skip, undo and stop."""
    member, _made, first = make()
    held, actor = first, Actor.of(member.user)
    for _ in range(3):
        skip = Skip.read(reason="other", note="")
        submissions.skip(actor=actor, assignment_id=held.id, skip=skip)
        stop(member, putting_off.undo_skip(actor=actor, assignment_id=held.id))
        held = lease(member)
        assert held.task_id == first.task_id
    send(held, key="end")
    of_text = Assignment.objects.paid().filter(task_id=first.task_id, item_kind=first.item_kind)
    assert sum(one.amount_minor for one in of_text) == first.amount_minor


def test_a_comparison_that_was_left_out_once_is_no_disagreement() -> None:
    member = judge()
    made = judging_round(cohort_of(member), tasks=14, asks=[Ask.RATING, Ask.RANKING])
    Round.objects.filter(id=made.id).update(check_every=5)
    Adjustments.objects.create(member=member, left_out=["ranking"])
    for number in range(11):
        held = lease(member)
        if number == 10:
            lead_aside(member)
            Adjustments.objects.all().delete()
        send(held, key=str(number), ranking=[])
    repeat = lease(member)
    assert repeat.item_kind == ItemKind.REPEAT
    send(repeat, key="repeat", ranking=[], all_harmful=True)
    assert queries.retest_of(round=made).comparisons.compared == 0


@pytest.mark.parametrize("make", [in_training, repeated])
def test_a_text_that_was_put_off_comes_back_on_another_day(make: Made) -> None:
    member, _made, first = make()
    actor = Actor.of(member.user)
    putting_off.put_off(actor=actor, assignment_id=first.id)
    while (held := lease(member)).item_kind != ItemKind.ORDINARY:
        send(held, key=str(held.id))
    assignments.stop(actor=actor, assignment_id=held.id)
    Assignment.objects.filter(id=held.id).update(check_after=False)  # which is drawn
    with without_triggers():
        yesterday = timezone.now() - timedelta(days=1)
        Assignment.objects.update(leased_at=F("leased_at") - timedelta(days=1))
        Assignment.objects.filter(id=first.id).update(later_until=yesterday)
    again = lease(member)
    assert (again.task_id, again.item_kind) == (first.task_id, first.item_kind)
    send(again, key="at last")
    with without_triggers():
        Assignment.objects.update(leased_at=F("leased_at") - timedelta(days=1))
    following = lease(member)
    assert (following.task_id, following.item_kind) != (first.task_id, first.item_kind)


def test_a_text_that_was_put_off_does_not_come_back_once_refused_or_closed() -> None:
    for refuse in (True, False):
        member, made, first = in_training(topics=["sleep"])
        putting_off.put_off(actor=Actor.of(member.user), assignment_id=first.id)
        stop(member, lease(member))
        if refuse:
            TopicChoice.objects.create(member=member, topic="sleep", choice="never")
        else:
            rounds.close_round(actor=SYSTEM, round=made)
        with without_triggers():
            Assignment.objects.update(leased_at=F("leased_at") - timedelta(days=1))
            Assignment.objects.filter(id=first.id).update(later_until=timezone.now())
        assert lease(member).item_kind == ItemKind.ORDINARY
