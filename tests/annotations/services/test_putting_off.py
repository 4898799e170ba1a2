"""Later, and the undo of a skip."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.contract.skip import Skip
from annotations.models import Assignment, Seat
from annotations.rules import sittings
from annotations.rules.states import PayCheck
from annotations.services import assignments, putting_off, submissions
from codesign.consent import services as consent
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, NoConsent, NotFound
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round, lease, send
from tests.support.held_pay import earned, wrong_in_the_book

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=2)
    return member


def later(one: Assignment) -> putting_off.PutOff:
    return putting_off.put_off(actor=Actor.of(one.member.user), assignment_id=one.id)


def skip(one: Assignment, reason: str = "other") -> submissions.Skipped:
    return submissions.skip(
        actor=Actor.of(one.member.user), assignment_id=one.id, skip=Skip.read(reason=reason)
    )


def undo(one: Assignment) -> Assignment:
    return putting_off.undo_skip(actor=Actor.of(one.member.user), assignment_id=one.id)


def next_day() -> None:
    """The day has come from which on what was put off may come back."""
    Assignment.objects.exclude(later_until=None).update(
        later_until=timezone.now() - timedelta(minutes=1)
    )


def test_a_text_for_later_frees_its_seat_and_pays_nothing(member: Member) -> None:
    one = lease(member)
    Assignment.objects.filter(id=one.id).update(draft={"comment": "half"})
    put_off = later(one)
    assert put_off.next is not None
    assert put_off.next.task_id != one.task_id
    one.refresh_from_db()
    assert one.state == "expired"
    assert one.draft == {"comment": "half"}
    assert one.later_until == sittings.start_of_next_day(
        now=timezone.now(), zone=member.user.timezone
    )
    assert Seat.objects.get(id=one.seat_id).offered
    assert earned(member) == 0
    assert lease(judge(cohort=member.cohort)).task_id == one.task_id


def test_it_comes_back_to_the_same_person_with_its_draft(member: Member) -> None:
    one = lease(member)
    Assignment.objects.filter(id=one.id).update(
        draft={"comment": "half"}, draft_saved_at=timezone.now()
    )
    other = later(one).next
    assert other is not None
    assert send(other).next is None
    next_day()
    back = lease(member)
    assert (back.task_id, back.draft) == (one.task_id, {"comment": "half"})
    assert back.order_shown == one.order_shown
    send(back, key="back")
    assert earned(member) == 160
    assert wrong_in_the_book() == []


def test_later_is_repeatable_and_only_for_what_one_has(member: Member) -> None:
    one = lease(member)
    first = later(one)
    assert later(one).next == first.next
    assert first.next is not None
    send(first.next)
    with pytest.raises(Conflict, match="no longer assigned"):
        later(first.next)
    with pytest.raises(NotFound, match="does not exist"):
        putting_off.put_off(actor=Actor.of(judge(cohort=member.cohort).user), assignment_id=one.id)
    consent.withdraw(actor=Actor.of(member.user), member=member)
    with pytest.raises(NoConsent, match="sign the consent"):
        later(one)


def test_a_put_off_text_can_still_be_sent_from_an_old_page(member: Member) -> None:
    one = lease(member)
    later(one)
    sent = send(one, key="old page")
    assert sent.judgement.assignment_id == one.id
    one.refresh_from_db()
    assert (one.state, one.later_until) == ("submitted", None)
    next_day()
    assert earned(member) == 80


def test_not_today_comes_back_on_another_day_and_is_paid_for_both(member: Member) -> None:
    one = lease(member)
    other = skip(one, "not_today").next
    assert other is not None
    assert send(other).next is None
    next_day()
    back = lease(member)
    assert back.task_id == one.task_id
    send(back, key="back")
    assert earned(member) == 3 * 80
    assert wrong_in_the_book() == []


def test_an_undone_skip_is_credited_once(member: Member) -> None:
    one = lease(member)
    following = skip(one).next
    assert following is not None
    again = undo(one)
    assert (again.task_id, again.order_shown, again.amount_minor) == (
        one.task_id,
        one.order_shown,
        0,
    )
    following.refresh_from_db()
    assert following.state == "expired"
    assert undo(one).id == again.id  # repeated
    assert wrong_in_the_book() == []
    last = send(again).next
    assert last is not None
    assert earned(member) == 80
    send(last, key="last")
    assert earned(member) == 160
    assert wrong_in_the_book() == []


def test_an_undone_skip_stays_paid_once_through_stop_skip_and_old_pages(member: Member) -> None:
    one = lease(member)
    skip(one)
    again = undo(one)
    assignments.stop(actor=Actor.of(member.user), assignment_id=again.id)
    got = [lease(member)]
    while following := skip(got[-1]).next:
        got.append(following)
    paid = {each.task_id: each.amount_minor for each in got}
    assert paid.pop(one.task_id) == 0
    assert list(paid.values()) == [80]
    assert earned(member) == 160
    assert wrong_in_the_book() == []


def test_work_on_an_undone_skip_from_an_old_page_is_not_credited_again(member: Member) -> None:
    one = lease(member)
    skip(one)
    undo(one)
    sent = send(one, key="old page")
    assert sent.judgement.assignment_id == one.id
    assert earned(member) == 80
    assert wrong_in_the_book() == []


def test_an_unpaid_skip_that_is_undone_is_paid_when_it_is_sent(member: Member) -> None:
    first = lease(member)
    second = skip(first, "not_today").next
    assert second is not None
    skip(second, "not_today")
    again = undo(second)
    assert again.amount_minor == 80
    send(again)
    assert earned(member) == 160
    assert wrong_in_the_book() == []


def test_an_undo_is_refused_too_late_or_while_the_pay_is_checked(member: Member) -> None:
    one = lease(member)
    skip(one)
    skipped = Assignment.objects.filter(id=one.id)
    skipped.update(pay_check=PayCheck.HELD)
    with pytest.raises(Conflict, match="no longer be undone"):
        undo(one)
    skipped.update(pay_check="", ended_at=timezone.now() - sittings.UNDO_FOR)
    with pytest.raises(Conflict, match="no longer be undone"):
        undo(one)


def test_an_undo_is_refused_once_somebody_else_has_the_text(member: Member) -> None:
    one = lease(member)
    following = skip(one).next
    assert following is not None
    taken = lease(judge(cohort=member.cohort))
    assert taken.task_id == one.task_id
    with pytest.raises(Conflict, match="Somebody else has this text"):
        undo(one)
    one.refresh_from_db()
    following.refresh_from_db()
    assert (one.state, following.state) == ("skipped", "leased")


def test_an_undo_does_not_count_the_load_twice(member: Member) -> None:
    one = lease(member)
    following = skip(one).next
    assert following is not None
    assert following.load_before == 45
    again = undo(one)
    assert again.load_before == 0
    last = send(again).next
    assert last is not None
    assert last.load_before == 45
