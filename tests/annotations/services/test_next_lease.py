"""Breaks that are offered after work, and late work in the load of the day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from annotations.contract.skip import Skip
from annotations.models import Assignment
from annotations.services import care_choices, putting_off, submissions
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.annotations import add_task, judge, judging_round, lease, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=4)
    return member


def almost_due(one: Assignment) -> None:
    """Pretend that the sitting began just less than 45 minutes before this text."""
    began = one.leased_at - timedelta(minutes=45) + timedelta(microseconds=1)
    Assignment.objects.filter(id=one.id).update(sitting_began=began)


def test_a_break_is_offered_after_45_minutes_and_one_may_go_on(member: Member) -> None:
    one = lease(member)
    almost_due(one)
    sent = send(one)
    assert (sent.next, sent.rest) == (None, True)
    again = lease(member)
    assert again.sitting == one.sitting
    assert send(again, key="again").next is not None  # the next offer is 45 minutes later


@pytest.mark.parametrize("way", ["skip", "later"])
def test_a_break_is_offered_after_a_skip_and_a_later_too(member: Member, way: str) -> None:
    one = lease(member)
    almost_due(one)
    actor = Actor.of(member.user)
    if way == "skip":
        skip = Skip.read(reason="other")
        skipped = submissions.skip(actor=actor, assignment_id=one.id, skip=skip)
        assert (skipped.next, skipped.rest, skipped.many) == (None, True, False)
    else:
        put_off = putting_off.put_off(actor=actor, assignment_id=one.id)
        assert (put_off.next, put_off.rest) == (None, True)


def test_a_break_is_offered_after_20_minutes_of_heavy_texts(member: Member) -> None:
    one = lease(member)
    Assignment.objects.filter(id=one.id).update(load_before=20 * 60 - 1)
    sent = send(one)
    assert (sent.next, sent.rest) == (None, True)
    assert lease(member).load_before == 20 * 60 + 44


def test_no_break_is_offered_when_the_day_is_over(member: Member) -> None:
    one = lease(member)
    Assignment.objects.filter(id=one.id).update(load_before=60 * 60 - 1)
    sent = send(one)
    assert (sent.next, sent.rest) == (None, False)


def test_late_work_counts_in_the_day_of_the_latest_assignment() -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=0)
    for topic in ("sleep", "work"):
        add_task(made, topics=[topic])
    one, actor = lease(member), Actor.of(member.user)
    care_choices.choose(
        actor=actor,
        slug=member.study.slug,
        choices={one.prompt.topics[0]: "never"},
        minutes=None,
    )
    newer = lease(member)
    assert (newer.task_id != one.task_id, newer.load_before) == (True, 0)
    assert send(one, key="late").next == newer
    newer.refresh_from_db()
    assert newer.load_before == 45


def test_what_was_put_off_and_sent_late_counts_once(member: Member) -> None:
    one = lease(member)
    newer = putting_off.put_off(actor=Actor.of(member.user), assignment_id=one.id).next
    assert newer is not None
    assert newer.load_before == 45
    send(one, key="late")
    newer.refresh_from_db()
    assert newer.load_before == 45
