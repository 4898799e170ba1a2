"""Work that took longer than promised is paid more, once, and explained (standards 3.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Assignment, Judgement
from annotations.services import work_times
from annotations.tasks import check_times
from codesign.compensation.models import TimeCheck, Transfer
from codesign.compensation.queries import ledger, trial_balance
from codesign.compensation.services import ledger as ledger_services
from codesign.studies.models import Cohort, Member
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import set_budget
from tests.factories.studies import staff
from tests.support.fixed_rows import nothing_changes
from tests.support.together import at_once

pytestmark = pytest.mark.django_db


def people(*, each: int, number: int = 2, tasks: int = 30) -> list[Member]:
    """People of one cohort who have a round with so many texts, each to be judged by them all."""
    first = judge()
    others = [judge(cohort=first.cohort) for _ in range(number - 1)]
    judging_round(first.cohort, tasks=tasks, overlap=number)
    for member in (first, *others):
        work(member, each)
    return [first, *others]


def work(member: Member, texts: int, *, minutes: float = 4.5) -> None:
    """Judge so many texts, each with this active time; 3 minutes are promised."""
    for _ in range(texts):
        held = lease(member)
        shown = timezone.now() - timedelta(hours=1)
        Assignment.objects.filter(id=held.id).update(first_shown_at=shown)
        send(held, active_seconds=minutes * 60)


def check(cohort: Cohort | None) -> TimeCheck | None:
    assert cohort
    return work_times.check(cohort=cohort, until=timezone.now())


def test_a_shortfall_is_made_up_for_each_person_and_only_once() -> None:
    first, second = people(each=10)
    assert Judgement.objects.filter(active_ms=270_000).count() == 20
    made = check(first.cohort)
    assert made
    assert (made.pieces, made.permille, made.began) == (20, 1500, None)
    assert check(first.cohort) is None
    for member in (first, second):
        assert ledger.balances(member_id=member.id) == {"GBP": 800 + 400}
    assert Transfer.objects.filter(kind="adjustment").count() == 2
    assert [*trial_balance.imbalances(), *trial_balance.credits_against_work()] == []
    nothing_changes({TimeCheck: {"permille": 1}})


def test_work_waits_until_there_are_twenty_pieces_and_none_is_lost() -> None:
    (member,) = people(each=19, number=1, tasks=60)
    assert check(member.cohort) is None
    work(member, 1)
    first = check(member.cohort)
    assert first
    assert first.pieces == 20
    work(member, 20, minutes=3)
    second = check(member.cohort)
    assert second
    assert (second.began, second.pieces, second.permille) == (first.ended, 20, 1000)
    assert ledger.balances(member_id=member.id) == {"GBP": 40 * 80 + 20 * 40}


def test_a_median_within_the_promise_adds_nothing_whatever_one_person_does() -> None:
    first, second = people(each=0)
    work(first, 11, minutes=2)
    work(second, 10, minutes=30)
    made = check(first.cohort)
    assert made
    assert made.permille < 1000
    assert not Transfer.objects.filter(kind="adjustment").exists()


def test_reversed_and_held_work_is_not_adjusted() -> None:
    first, second = people(each=11)
    for transfer in Transfer.objects.filter(legs__account__owner_id=first.id, kind="credit")[:2]:
        ledger_services.reverse(transfer=transfer)
    made = check(first.cohort)
    assert made
    assert made.pieces == 20
    assert ledger.balances(member_id=first.id) == {"GBP": 9 * 120}
    assert ledger.balances(member_id=second.id) == {"GBP": 11 * 120}


def test_work_that_is_paid_after_all_is_adjusted_like_other_work() -> None:
    first, _second = people(each=10)
    made = Transfer.objects.filter(legs__account__owner_id=first.id, kind="credit").first()
    assert made
    ledger_services.reverse(transfer=ledger_services.reverse(transfer=made))
    checked = check(first.cohort)
    assert checked
    assert checked.pieces == 20
    assert ledger.balances(member_id=first.id) == {"GBP": 1200}


def test_the_timer_leaves_the_last_hour_and_pays_beyond_the_budget() -> None:
    first, second = people(each=10)
    set_budget(first.study, 1600)
    check_times()
    assert not TimeCheck.objects.exists()
    made = work_times.check(cohort=first.cohort, until=timezone.now())  # type: ignore[arg-type]
    assert made
    assert ledger.balances(member_id=second.id) == {"GBP": 1200}


@pytest.mark.django_db(transaction=True)
def test_checks_at_once_adjust_once() -> None:
    first, _second = people(each=10)
    made = at_once(*[lambda: check(first.cohort) for _ in range(4)])
    assert sum(isinstance(one, TimeCheck) for one in made) == 1
    assert ledger.balances(member_id=first.id) == {"GBP": 1200}


def test_people_read_why_they_get_more_and_coordinators_read_the_median(client: Client) -> None:
    first, _second = people(each=10)
    check(first.cohort)
    client.force_login(first.user)
    slug = {"slug": first.study.slug}
    mine = client.get(reverse("compensation:mine", kwargs=slug)).content.decode()
    assert "It took longer than we said: about 50% more time." in " ".join(mine.split())
    assert "£4.00" in mine
    client.force_login(staff(first.study).user)
    rates = client.get(reverse("compensation:rates", kwargs=slug)).content.decode()
    assert "It took 150% of the promised time (median of 20 judgements)." in rates
    entries = client.get(reverse("compensation:entries", kwargs=slug)).content.decode()
    assert entries.count("the work took longer than promised") == 2
