"""Leases within a budget: reserved when leased, spent when judged, released when expired."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotations.contract.skip import Skip
from annotations.models import Assignment
from annotations.queries import no_work
from annotations.services import assignments, putting_off, submissions
from annotations.tasks import expire_leases
from codesign.compensation.models import Rejection
from codesign.compensation.queries.budgets import funds_by_currency
from codesign.compensation.rules.budgets import Funds
from codesign.compensation.rules.rejections import APPEAL_WITHIN
from codesign.compensation.services import rejections
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict
from codesign.studies.models import Member
from tests.factories.annotations import (
    SOURCE_A,
    SOURCE_B,
    judge,
    judging_round,
    lease,
    send,
)
from tests.factories.compensation import credit, reject, set_budget, set_rate
from tests.factories.studies import staff
from tests.support.together import at_once

pytestmark = pytest.mark.django_db


def ask(member: Member) -> Assignment | None:
    return assignments.lease(actor=Actor.of(member.user), slug=member.study.slug).assignment


def funds(member: Member) -> Funds:
    return funds_by_currency(study_id=member.study_id)["GBP"]


def skip(held: Assignment, reason: str = "too_close") -> submissions.Skipped:
    return submissions.skip(
        actor=Actor.of(held.member.user), assignment_id=held.id, skip=Skip.read(reason=reason)
    )


def test_pay_is_reserved_then_spent_and_the_last_unit_is_used() -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    set_budget(member.study, 160)
    held = lease(member)
    assert funds(member) == Funds("GBP", budget=160, spent=0, reserved=80)
    following = send(held).next
    assert following
    assert funds(member) == Funds("GBP", budget=160, spent=80, reserved=80)
    assert send(following).next is None
    assert funds(member) == Funds("GBP", budget=160, spent=160, reserved=0)
    assert ask(member) is None
    actor = Actor.of(member.user)
    assert no_work.why_nothing(actor=actor, member=member) == no_work.Nothing.BUDGET
    set_budget(member.study, 240)
    assert ask(member) is not None


def test_an_expired_lease_releases_its_pay() -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    set_budget(member.study, 80)
    lease(member)
    other = judge(cohort=member.cohort)
    assert ask(other) is None
    Assignment.objects.update(expires_at=timezone.now())
    expire_leases()
    assert funds(member).left == 80
    assert ask(other) is not None


def test_a_skip_that_is_not_paid_releases_its_pay_and_a_paid_one_spends_it() -> None:
    member = judge()
    judging_round(member.cohort, tasks=4)
    set_budget(member.study, 160)
    following = skip(lease(member), "not_today").next
    assert following
    assert funds(member) == Funds("GBP", budget=160, spent=80, reserved=80)
    again = skip(following, "not_today").next
    assert again
    assert funds(member) == Funds("GBP", budget=160, spent=80, reserved=80)


def test_a_text_that_costs_more_than_is_left_is_not_leased() -> None:
    member = judge()
    judging_round(member.cohort, tasks=2, sources=(SOURCE_A, SOURCE_B, SOURCE_A))
    set_budget(member.study, 119)
    assert ask(member) is None
    actor = Actor.of(member.user)
    assert no_work.why_nothing(actor=actor, member=member) == no_work.Nothing.BUDGET
    assert not Assignment.objects.exists()
    set_budget(member.study, 120)
    held = ask(member)
    assert held
    assert held.amount_minor == 120


def test_held_pay_stays_reserved() -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    set_budget(member.study, 160)
    send(lease(member))
    Assignment.objects.filter(state="submitted").update(pay_check="held")
    assert funds(member).reserved == 160


def test_a_budget_below_what_is_used_pays_open_work_and_leases_nothing_more() -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    held = lease(member)
    set_budget(member.study, 0)
    assert send(held).next is None
    assert funds(member) == Funds("GBP", budget=0, spent=80, reserved=0)


def test_a_budget_in_another_currency_limits_nothing() -> None:
    member = judge()
    judging_round(member.cohort)
    set_budget(member.study, 0, "EUR")
    assert ask(member) is not None


def test_a_paid_skip_can_be_undone_when_the_budget_is_used() -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    set_budget(member.study, 80)
    held = lease(member)
    assert skip(held).next is None
    again = putting_off.undo_skip(actor=Actor.of(member.user), assignment_id=held.id)
    assert again.amount_minor == 0


def test_an_unpaid_skip_is_undone_only_if_its_pay_is_left() -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    first = lease(member)
    second = skip(first, "not_today").next
    assert second
    skip(second, "not_today")
    set_budget(member.study, 80)
    with pytest.raises(Conflict, match="stays skipped"):
        putting_off.undo_skip(actor=Actor.of(member.user), assignment_id=second.id)
    set_budget(member.study, 100_000)
    putting_off.undo_skip(actor=Actor.of(member.user), assignment_id=second.id)


def test_a_later_rate_never_lowers_work_that_is_leased() -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    held = lease(member)
    set_rate(member.cohort, 60)
    set_budget(member.study, 140)
    following = send(held).next
    assert following
    assert (held.amount_minor, following.amount_minor) == (80, 60)
    assert funds(member) == Funds("GBP", budget=140, spent=80, reserved=60)


def test_people_read_kindly_that_there_is_no_paid_work(client: Client) -> None:
    member = judge()
    judging_round(member.cohort)
    set_budget(member.study, 79)
    client.force_login(member.user)
    for page in ("annotations:judge", "desk:study"):
        answer = client.get(reverse(page, kwargs={"slug": member.study.slug}))
        assert "There is no paid work right now" in answer.content.decode()


def test_a_study_without_a_budget_makes_no_query_for_it() -> None:
    member = judge()
    judging_round(member.cohort, tasks=8)
    counts = []
    held = send(lease(member)).next  # the first one makes the accounts
    assert held
    for budget in (None, 1_000_000):
        if budget:
            set_budget(member.study, budget)
        with CaptureQueriesContext(connection) as queries:
            following = send(held, key=str(budget)).next
        assert following
        held = following
        counts.append(len(queries))
        asked = [one["sql"] for one in queries if "pg_try_advisory_xact_lock_shared" in one["sql"]]
        assert bool(asked) is bool(budget)
    assert counts[1] == counts[0] + 2  # the lock, the budget


@pytest.mark.django_db(transaction=True)
def test_the_last_unit_of_the_budget_claimed_by_twenty_is_leased_once() -> None:
    people = [judge()]
    people += [judge(cohort=people[0].cohort) for _ in range(19)]
    judging_round(people[0].cohort, tasks=20)
    set_budget(people[0].study, 80)
    got = at_once(*[lambda m=m: ask(m) for m in people])
    assert Counter(type(one).__name__ for one in got) == {"NoneType": 19, "Assignment": 1}
    assert funds(people[0]) == Funds("GBP", budget=80, spent=0, reserved=80)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_use_the_whole_budget_and_never_more() -> None:
    """From far above the limit, where leases run in parallel, down to nothing."""
    people = [judge()]
    people += [judge(cohort=people[0].cohort) for _ in range(7)]
    judging_round(people[0].cohort, tasks=60, overlap=2)
    set_budget(people[0].study, 50 * 80)

    def work(member: Member) -> int:
        held, done = ask(member), 0
        while held is not None:
            held, done = send(held, key=str(done)).next or ask(member), done + 1
        return done

    done = at_once(*[lambda m=m: work(m) for m in people])
    assert all(isinstance(one, int) for one in done), done
    assert funds(people[0]) == Funds("GBP", budget=4000, spent=4000, reserved=0)


def test_pay_that_an_appeal_can_grant_stays_reserved() -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    set_budget(member.study, 100)
    rejection = reject(credit(member), member)
    assert funds(member) == Funds("GBP", budget=100, spent=0, reserved=80)
    assert ask(member) is None
    rejections.pay_after_all(
        actor=Actor.of(staff(member.study).user), study=member.study, rejection_id=rejection.id
    )
    assert funds(member) == Funds("GBP", budget=100, spent=80, reserved=0)
    assert ask(member) is None


def test_pay_that_can_no_longer_be_appealed_for_is_left_for_others() -> None:
    member = judge()
    judging_round(member.cohort, tasks=3)
    set_budget(member.study, 100)
    reject(credit(member), member)
    Rejection.objects.update(confirmed_at=timezone.now() - APPEAL_WITHIN)
    assert funds(member).reserved == 0
    assert ask(member) is not None
