"""Leases obey topics, the daily limit and the order of heavy texts."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotations.contract.skip import Skip
from annotations.models import Assignment, Seat, StudyTopic
from annotations.queries import no_work
from annotations.services import assignments, care_choices, submissions
from codesign.consent.rules import Purpose
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from tests.factories.annotations import add_task, judge, judging_round, lease, send
from tests.support.held_pay import without_triggers
from tests.support.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return judge()


def ask(member: Member) -> Assignment | None:
    actor = Actor.of(member.user)
    return assignments.lease(actor=actor, slug=member.study.slug).assignment


def choose(member: Member, minutes: int | None = None, **choices: str) -> None:
    care_choices.choose(
        actor=Actor.of(member.user), slug=member.study.slug, choices=choices, minutes=minutes
    )


def texts(member: Member, *prompts: dict[str, Any], overlap: int = 1) -> None:
    """A round with these prompts, and topics that are in no text for the choices."""
    made = judging_round(member.cohort, tasks=0, overlap=overlap)
    for prompt in prompts:
        add_task(made, **prompt)


HEAVY = {"intensity": 3}


def test_the_topics_of_a_study_are_kept_as_prompts_arrive(member: Member) -> None:
    texts(member, {"topics": ["sleep", "work"]}, {"topics": ["sleep"]}, {"topics": []})
    kept = StudyTopic.objects.filter(study=member.study).order_by("topic")
    assert list(kept.values_list("topic", flat=True)) == ["sleep", "work"]


def test_texts_of_refused_topics_are_never_leased(member: Member) -> None:
    texts(member, *[{"topics": ["sleep"]}] * 2, {"topics": ["work", "sleep"]}, {"topics": ["work"]})
    choose(member, sleep="never")
    one = lease(member)
    assert one.prompt.topics == ["work"]
    assert send(one).next is None
    choose(member, sleep="fine")
    assert ask(member) is not None


def test_a_stopped_text_does_not_come_back_once_its_topic_is_refused(member: Member) -> None:
    texts(member, {"topics": ["sleep"]})
    one = lease(member)
    Assignment.objects.filter(id=one.id).update(draft={"comment": "half"})
    assignments.stop(actor=Actor.of(member.user), assignment_id=one.id)
    choose(member, sleep="never")
    assert ask(member) is None


def test_refusing_the_topic_of_a_text_in_hand_returns_it(member: Member) -> None:
    texts(member, {"topics": ["sleep"]})
    one = lease(member)
    choose(member, sleep="never")
    one.refresh_from_db()
    assert one.state == "expired"
    assert Seat.objects.get().offered


def test_refused_topics_hold_for_comparisons_of_models_too() -> None:
    member = judge(granted=[Purpose.TAKE_PART, Purpose.EVALUATION])
    made = judging_round(member.cohort, tasks=0, kind="evaluation")  # type: ignore[arg-type]
    add_task(made, topics=["sleep"])
    choose(member, sleep="never")
    assert ask(member) is None


def test_a_full_day_gets_no_more_until_the_next_one(member: Member) -> None:
    """Ten texts of intensity 2 and three minutes each fill 15 minutes."""
    texts(member, *[{"intensity": 2}] * 20)
    choose(member, minutes=15)
    following: Assignment | None = lease(member)
    number = 0
    while following is not None:
        number += 1
        following = send(following, key=str(number)).next
    assert number == 10
    assert ask(member) is None
    with without_triggers():
        Assignment.objects.update(leased_at=timezone.now() - timedelta(days=1))
    assert ask(member) is not None


def test_a_lower_limit_of_the_study_holds_at_once(member: Member) -> None:
    texts(member, *[{"intensity": 2}] * 5)
    send(lease(member))
    assignments.stop(actor=Actor.of(member.user), assignment_id=lease(member).id)
    care_choices.set_study_limit(actor=SYSTEM, study=member.study, minutes=5)
    one = lease(member)
    for number in range(3):
        following = send(one, key=f"{number}").next
        if following is None:
            break
        one = following
    assert ask(member) is None
    assert Assignment.objects.filter(state="submitted").count() == 4


@pytest.mark.parametrize(("opened", "load"), [(False, 0), (True, 180)])
def test_a_skipped_text_is_load_if_it_was_opened(member: Member, opened: bool, load: int) -> None:
    texts(member, HEAVY, {"intensity": 1})
    Seat.objects.filter(task__prompt__intensity=3).update(shuffle=-1)
    one, actor = lease(member), Actor.of(member.user)
    assert one.covered
    if opened:
        assignments.open_text(actor=actor, assignment=one)
    submissions.skip(actor=actor, assignment_id=one.id, skip=Skip.read(reason="other"))
    assert lease(member).load_before == load


def test_two_heavy_texts_never_follow_each_other(member: Member) -> None:
    texts(member, *[HEAVY] * 3, *[{"intensity": 1}] * 3)
    got = []
    following = ask(member)
    while following is not None:
        got.append(following.intensity)
        assignments.open_text(actor=Actor.of(member.user), assignment=following)
        following = send(following, key=str(len(got))).next
    assert (3, 3) not in list(itertools.pairwise(got))
    assert got.count(3) >= 1


def test_a_heavy_text_may_follow_after_a_pause(member: Member) -> None:
    texts(member, HEAVY, HEAVY)
    assert send(lease(member)).next is None
    assert ask(member) is None
    earlier = timezone.now() - timedelta(minutes=31)
    Assignment.objects.update(ended_at=earlier)
    assert ask(member) is not None


def test_a_heavy_text_that_stayed_covered_was_not_read(member: Member) -> None:
    texts(member, HEAVY, HEAVY)
    skip = Skip.read(reason="other")
    actor = Actor.of(member.user)
    skipped = submissions.skip(actor=actor, assignment_id=lease(member).id, skip=skip)
    assert skipped.next is not None


@pytest.mark.parametrize("way", ["skip", "stop"])
def test_a_text_that_stayed_covered_does_not_part_two_heavy_ones(member: Member, way: str) -> None:
    texts(member, {"topics": ["sleep"]}, HEAVY, HEAVY)
    choose(member, sleep="never")
    actor = Actor.of(member.user)
    heavy = lease(member)
    assignments.open_text(actor=actor, assignment=heavy)
    choose(member, sleep="ask")
    light = send(heavy).next
    assert light is not None
    assert light.covered
    if way == "skip":
        skip = Skip.read(reason="other")
        assert submissions.skip(actor=actor, assignment_id=light.id, skip=skip).next is None
        assert ask(member) is None
        assert no_work.limited(member) == no_work.Nothing.HEAVIEST
    else:
        assignments.stop(actor=actor, assignment_id=light.id)
        assert lease(member).task_id == light.task_id
    Assignment.objects.update(ended_at=timezone.now() - timedelta(minutes=31))
    assert ask(member) is not None


def test_a_stopped_heavy_text_can_be_continued(member: Member) -> None:
    texts(member, HEAVY, HEAVY, HEAVY)
    one = lease(member)
    assignments.open_text(actor=Actor.of(member.user), assignment=one)
    assignments.stop(actor=Actor.of(member.user), assignment_id=one.id)
    assert lease(member).task_id == one.task_id


def test_reading_time_begins_when_a_text_is_opened(member: Member) -> None:
    texts(member, HEAVY, {"intensity": 1})
    actor = Actor.of(member.user)
    for _ in range(2):
        one = lease(member)
        if not one.covered:
            send(one, key=str(one.id))
            continue
        assignments.mark_shown(actor=actor, assignment=one)
        one.refresh_from_db()
        assert one.first_shown_at is None
        assignments.open_text(actor=actor, assignment=one)
        one.refresh_from_db()
        assert one.first_shown_at is not None
        assert not one.covered
        send(one, key=str(one.id))
    assert Assignment.objects.filter(state="submitted").count() == 2


def test_texts_to_ask_about_are_covered(member: Member) -> None:
    texts(member, {"topics": ["sleep"]}, {"topics": ["work"]})
    choose(member, sleep="ask")
    first = lease(member)
    second = send(first).next
    assert second is not None
    assert {one.prompt.topics[0]: one.covered for one in (first, second)} == {
        "sleep": True,
        "work": False,
    }


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_cannot_pass_the_limit() -> None:
    """Each round, eight requests for a text and one that sends the last one, all at once."""
    member = judge()
    texts(member, *[{"intensity": 2}] * 20)
    choose(member, minutes=5)
    actor, slug = Actor.of(member.user), member.study.slug

    def search() -> Any:
        return assignments.lease(actor=actor, slug=slug)

    for number in range(6):
        one = ask(member)
        if one is None:
            break
        at_once(lambda one=one, n=number: send(one, key=str(n)), *[search] * 8)  # type: ignore[misc]
    assert ask(member) is None
    at_once(*[search] * 8)
    assert Assignment.objects.exclude(state="expired").count() == 4  # of 90 seconds each
