"""Work that is sent too fast is stored and acknowledged, and its pay is held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import Assignment, PayDecision
from annotations.rules.states import AssignmentState, PayCheck, WhyHeld
from annotations.services import assignments
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.annotations import answers, judge, judging_round, lease, send
from tests.support.counting import queries_in
from tests.support.held_pay import (
    earned,
    held_of,
    read,
    skip,
    without_triggers,
    wrong_in_the_book,
)
from tests.support.judging_api import Caller
from tests.support.judging_page import filled, held, judge_url, one_url, signed_in
from tests.support.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _as_in_earnest(settings: Any) -> None:
    """Use the real limits on work speed; other tests relax them to allow milliseconds."""
    settings.PAY_PACE = 4


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=12)
    return member


# --- what is held ----------------------------------------------------------------------------


def test_pay_for_an_impossibly_fast_judgement_is_held(member: Member) -> None:
    caller = Caller(member)
    first = lease(member)
    answer = caller.submit(first.id, answers(first, active_seconds=3000))
    assert answer.status_code == 201
    assert answer.json()["next"] is not None
    first.refresh_from_db()
    assert first.pay_check == PayCheck.HELD
    assert earned(member) == 0
    log = PayDecision.objects.get()
    assert (log.old_state, log.new_state, log.why) == ("", "held", WhyHeld.QUICK)
    assert not wrong_in_the_book()


def test_work_after_a_long_read_is_paid(member: Member) -> None:
    for number in range(3):
        send(read(lease(member)), key=str(number))
    assert earned(member) == 240
    assert not held_of(member)


def test_39_skips_in_a_few_seconds_bring_five_and_hold_the_others() -> None:
    member = judge()
    judging_round(member.cohort, tasks=39)
    caller = Caller(member)
    for _ in range(39):
        skip(caller, lease(member))
    assert earned(member) == 5 * 80
    assert len(held_of(member)) == 34
    assert set(PayDecision.objects.values_list("why", flat=True)) == {"skips"}
    assert not wrong_in_the_book()


def test_held_work_does_not_use_spare_time(member: Member) -> None:
    for number in range(4):
        send(lease(member), key=str(number))
    for number in range(4, 9):
        send(read(lease(member)), key=str(number))
    assert earned(member) == 5 * 80
    assert len(held_of(member)) == 4


def test_spare_time_grows_with_time(member: Member) -> None:
    first = lease(member)
    Assignment.objects.filter(id=first.id).update(spare_seconds=-180)
    caller = Caller(member)
    skip(caller, first)
    assert earned(member) == 0
    second = held(member)
    # of an hour ago: 4 × 3600 s are more than the piece promises
    Assignment.objects.filter(id=first.id).update(ended_at=timezone.now() - timedelta(hours=1))
    assignments.stop(actor=Actor.of(member.user), assignment_id=second.id)
    Assignment.objects.filter(id=second.id).update(spare_seconds=180)
    skip(caller, lease(member))
    assert earned(member) == 80


def test_leases_of_older_versions_are_paid(member: Member) -> None:
    """Rows from before these columns lack the work speed, so their pay is not held."""
    first = lease(member)
    made_before(first)
    first = Assignment.objects.get(id=first.id)
    send(first)
    assert earned(member) == 80
    assert held(member).spare_seconds == 5 * 180


def made_before(assignment: Assignment) -> None:
    with without_triggers():
        Assignment.objects.filter(id=assignment.id).update(
            promised_seconds=None, words_shown=None, spare_seconds=None, skips_before=None
        )


def test_late_work_uses_the_same_spare_time(member: Member) -> None:
    """Work sent from old tabs, one after another, is bounded like any other."""
    actor = Actor.of(member.user)
    tabs = []
    for _ in range(8):
        one = read(lease(member))
        tabs.append(one)
        Assignment.objects.filter(id=one.id).update(state=AssignmentState.EXPIRED)
        one.seat.state, one.seat.offered = "free", False
        one.seat.save()
    for number, tab in enumerate(tabs):
        send(tab, key=str(number))
    assert earned(member) == 5 * 80
    assert len(held_of(member)) == 3
    assert assignments.lease(actor=actor, slug=member.study.slug).assignment


def test_time_counts_from_when_a_text_was_first_shown(member: Member) -> None:
    """A member who wrote, stopped and returned has read the text, so the pay is not held."""
    client = signed_in(member)
    client.get(judge_url(member))
    first = read(held(member))
    client.post(one_url(first), filled(first) | {"do": "stop"})
    client.get(judge_url(member))
    again = held(member)
    assert again.task_id == first.task_id
    client.post(one_url(again), filled(again))
    assert earned(member) == 80


def test_a_repeated_request_is_held_once(member: Member) -> None:
    first = lease(member)
    caller = Caller(member)
    body = answers(first)
    assert caller.submit(first.id, body).json() == caller.submit(first.id, body).json()
    assert PayDecision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_do_not_increase_the_pay() -> None:
    member = judge()
    judging_round(member.cohort, tasks=24)

    def skipping() -> None:
        for _ in range(12):
            leased = assignments.lease(actor=Actor.of(member.user), slug=member.study.slug)
            if leased.assignment:
                Caller(member).send(
                    "POST", f"assignments/{leased.assignment.id}/skip/", {"reason": "other"}
                )

    at_once(*[skipping] * 6)
    ended = Assignment.objects.filter(member=member, state=AssignmentState.SKIPPED).count()
    assert ended >= 12
    assert earned(member) == min(ended, 5) * 80
    assert len(held_of(member)) == max(ended - 5, 0)


def test_examples_and_unpaid_skips_are_not_held(member: Member) -> None:
    caller = Caller(member)
    for _ in range(7):
        one = lease(member)
        caller.send("POST", f"assignments/{one.id}/skip/", {"reason": "not_today"})
    assert earned(member) == 80
    assert not held_of(member)


def test_a_lease_stores_the_work_speed_without_another_query(member: Member) -> None:
    """The judging loop pays for this with columns: as many statements as before."""
    first = lease(member)
    caller = Caller(member)
    send(read(first))
    second = read(held(member))
    paid = queries_in(lambda: caller.submit(second.id, answers(second), "b"), status=201)
    third = held(member)
    quick = queries_in(lambda: caller.submit(third.id, answers(third), "c"), status=201)
    assert held_of(member) == [third]
    assert quick < paid  # a note that it is held, instead of a transfer with its legs


# --- what the person sees ---------------------------------------------------------------------


def test_the_person_sees_that_their_pay_is_checked(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    page = client.post(one_url(first), filled(first)).content.decode()
    assert "A person checks the pay first." in page
    assert "was added" not in page
    assert "£0.00</strong> earned" not in page
    pay = client.get(reverse("compensation:mine", kwargs={"slug": member.study.slug}))
    words = pay.content.decode()
    assert "Pay being checked" in words
    assert "£0.80" in words
    assert "It does not mean that you did anything wrong" in words
    for accusing in ("fraud", "suspicious", "cheat", "program", "abuse"):
        assert accusing not in words.lower()


def test_a_break_is_offered_after_five_skips(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    for _ in range(4):
        page = client.post(one_url(held(member)), {"skip": "too_close"}).content.decode()
        assert "Would you like a break?" not in page
    last = held(member)
    page = client.post(one_url(last), {"skip": "too_close"}).content.decode()
    assert "Would you like a break?" in page
    assert not Assignment.objects.filter(state=AssignmentState.LEASED).exists()
    again = client.post(one_url(last), {"skip": "too_close"}).content.decode()
    assert "Would you like a break?" in again
    assert f'href="{judge_url(member)}">Continue' in page
    assert "Would you like" not in client.get(judge_url(member)).content.decode()
    page = client.post(one_url(held(member)), {"skip": "too_close"}).content.decode()
    assert "Would you like a break?" not in page


def test_a_judgement_between_skips_restarts_the_count(member: Member) -> None:
    caller = Caller(member)
    for _ in range(4):
        assert skip(caller, lease(member)) is not None
    send(read(lease(member)))
    assert skip(caller, lease(member)) is not None


def test_the_fifth_skip_in_the_api_has_no_next_assignment(member: Member) -> None:
    caller = Caller(member)
    following = [skip(caller, lease(member)) for _ in range(5)]
    assert [one is None for one in following] == [False] * 4 + [True]
    assert caller.lease().status_code == 201
