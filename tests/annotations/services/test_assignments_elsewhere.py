"""A person's load counts in all of their studies, and no study learns of another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import Assignment
from annotations.queries import no_work
from annotations.services import assignments, care_choices
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import add_task, judge, judging_round, lease, send
from tests.factories.studies import staff
from tests.support.held_pay import without_triggers
from tests.support.judging_page import judge_url, signed_in
from tests.support.together import at_once

pytestmark = pytest.mark.django_db
HEAVY: dict[str, Any] = {"intensity": 3}


def judging_both(*prompts: dict[str, Any]) -> tuple[Member, Member]:
    """A person who judges these prompts in two studies."""
    one = judge()
    other = judge(user=one.user)
    for member in (one, other):
        made = judging_round(member.cohort, tasks=0)
        for prompt in prompts:
            add_task(made, **prompt)
    return one, other


def ask(member: Member) -> Assignment | None:
    actor = Actor.of(member.user)
    return assignments.lease(actor=actor, slug=member.study.slug).assignment


def limit(member: Member, minutes: int) -> None:
    care_choices.choose(
        actor=Actor.of(member.user), slug=member.study.slug, choices={}, minutes=minutes
    )


def test_work_in_another_study_fills_the_day() -> None:
    """Each text of intensity 2 is a load of 90 seconds."""
    one, other = judging_both(*[{"intensity": 2}] * 5)
    limit(other, 5)
    for number in range(3):
        send(lease(one), key=str(number))
    assert send(lease(other)).next is None
    assert ask(other) is None
    assert no_work.limited(other) == no_work.Nothing.FULL
    assert ask(one) is not None  # the limit there is the study's
    with without_triggers():
        Assignment.objects.update(leased_at=timezone.now() - timedelta(days=1))
    assert ask(other) is not None


def test_what_is_stored_of_a_study_is_its_own_load_alone() -> None:
    one, other = judging_both(*[{"intensity": 2}] * 3)
    send(lease(one))
    send(lease(other))
    assert lease(other).load_before == 90
    assert lease(one).load_before == 90


def test_two_heavy_texts_never_follow_each_other_across_studies() -> None:
    one, other = judging_both(HEAVY, HEAVY)
    heavy = lease(one)
    assignments.open_text(actor=Actor.of(one.user), assignment=heavy)
    assert ask(other) is None  # it is open there
    assert no_work.limited(other) == no_work.Nothing.HEAVIEST
    send(heavy)
    assert ask(other) is None
    Assignment.objects.update(ended_at=timezone.now() - timedelta(minutes=31))
    assert ask(other) is not None


def test_a_lighter_text_in_between_counts_wherever_it_was_read() -> None:
    one, other = judging_both(HEAVY, HEAVY)
    heavy = lease(one)
    assignments.open_text(actor=Actor.of(one.user), assignment=heavy)
    assert send(heavy).next is None
    add_task(judging_round(other.cohort, tasks=0), intensity=1)
    send(lease(other), key="light")
    assert ask(one) is not None


def test_a_heavy_text_that_stayed_covered_elsewhere_was_not_read() -> None:
    one, other = judging_both(HEAVY)
    assert lease(one).covered
    assert ask(other) is not None


def test_other_people_and_people_in_one_study_are_not_affected() -> None:
    one, _other = judging_both(HEAVY)
    stranger = judge(cohort=one.cohort)
    heavy = lease(one)
    assignments.open_text(actor=Actor.of(one.user), assignment=heavy)
    add_task(judging_round(stranger.cohort, tasks=0), **HEAVY)
    assert ask(stranger) is not None


def test_the_page_says_so_and_the_coordinator_sees_nothing_of_it() -> None:
    one, other = judging_both(*[{"intensity": 2}] * 5)
    limit(other, 5)
    for number in range(4):
        send(lease(one), key=str(number))
    page = signed_in(other).get(judge_url(other)).content.decode()
    assert "You have reached the limit for one day" in page
    assert one.study.title not in page
    coordinator = signed_in(staff(other.study, Role.COORDINATOR))
    for path in ("rounds/", "people/", "set-up/", ""):
        seen = coordinator.get(f"/studies/{other.study.slug}/{path}", follow=True)
        assert one.study.title not in seen.content.decode()
        assert one.study.slug not in seen.content.decode()


def test_a_lease_in_one_study_takes_no_further_query() -> None:
    one = judge()
    judging_round(one.cohort, tasks=4)
    send(lease(one))
    held = lease(one)
    with CaptureQueriesContext(connection) as alone:
        send(held, key="alone")
    judge(user=one.user)
    again = lease(one)
    with CaptureQueriesContext(connection) as both:
        send(again, key="both")
    locked = ["pg_advisory_xact_lock" in str(seen.captured_queries) for seen in (alone, both)]
    assert locked == [False, True]
    assert len(both) == len(alone) + 4  # a lock, the day twice, and the text before


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_in_two_studies_cannot_pass_the_limit() -> None:
    one, other = judging_both(*[{"intensity": 2}] * 10)
    for member in (one, other):
        limit(member, 5)
    actor = Actor.of(one.user)

    def search(member: Member) -> Any:
        return assignments.lease(actor=actor, slug=member.study.slug)

    for number in range(8):
        held = [found for member in (one, other) if (found := ask(member))]
        if not held:
            break
        jobs = [lambda one=one, n=number: send(one, key=f"{n}") for one in held]
        at_once(*jobs, *[lambda member=member: search(member) for member in (one, other)] * 3)
    assert ask(one) is None
    assert ask(other) is None
    done = Assignment.objects.filter(state="submitted").count()
    assert 4 <= done <= 5  # of 90 seconds each; two may be open when the limit is reached
