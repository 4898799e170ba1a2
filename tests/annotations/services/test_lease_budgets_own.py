"""People decline pay, take less, or set a limit, before the work (standards 3.6, 3.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Assignment
from annotations.queries import no_work
from annotations.services import assignments
from codesign.audit.models import Event
from codesign.compensation.models import Leg, PayChoice
from codesign.compensation.queries import ledger, trial_balance
from codesign.compensation.rules.pay_choices import CapPeriod
from codesign.compensation.services import pay_choices
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotPermitted
from codesign.studies.models import Member
from tests.factories.annotations import SOURCE_A, SOURCE_B, judge, judging_round, lease, send
from tests.factories.compensation import credit, set_budget, set_rate
from tests.factories.studies import staff
from tests.support.fixed_rows import nothing_changes
from tests.support.held_pay import held_of

pytestmark = pytest.mark.django_db


def choose(
    member: Member, *, share: int = 100, cap: int | None = None, period: str = "week"
) -> PayChoice:
    return pay_choices.choose(
        actor=Actor.of(member.user),
        slug=member.study.slug,
        share_percent=share,
        cap_minor=cap,
        cap_period=CapPeriod(period),
    )


def ask(member: Member) -> Assignment | None:
    return assignments.lease(actor=Actor.of(member.user), slug=member.study.slug).assignment


def test_a_share_applies_to_the_next_texts_and_never_to_leased_work() -> None:
    member = judge()
    judging_round(member.cohort, tasks=3, sources=(SOURCE_A, SOURCE_B, SOURCE_A))
    held = lease(member)
    choose(member, share=50)
    following = send(held).next
    assert following
    assert (held.amount_minor, following.amount_minor) == (120, 60)
    choose(member, share=0)
    last = send(following).next
    assert last
    assert last.amount_minor == 0
    send(last)
    assert ledger.balances(member_id=member.id) == {"GBP": 180}
    assert Leg.objects.count() == 4  # nothing was posted for the last one
    assert [*trial_balance.imbalances(), *trial_balance.credits_against_work()] == []
    nothing_changes({PayChoice: {"share_percent": 1}})


@pytest.mark.parametrize("period", ["week", "year"])
def test_a_limit_pauses_before_it_is_passed(period: str) -> None:
    member = judge()
    judging_round(member.cohort, tasks=4)
    choose(member, cap=239, period=period)
    held = lease(member)
    following = send(held).next
    assert following
    assert send(following).next is None
    assert ask(member) is None
    actor = Actor.of(member.user)
    assert no_work.why_nothing(actor=actor, member=member) == no_work.Nothing.CAP
    choose(member, cap=240, period=period)
    assert ask(member) is not None


def test_what_was_earned_before_the_period_does_not_count() -> None:
    member = judge()
    judging_round(member.cohort)
    choose(member, cap=80)
    credit(member, 500)
    assert ask(member) is None
    other = judge(cohort=member.cohort)
    choose(other, cap=80)
    credit(other, 500, at=timezone.now() - timedelta(days=14))
    assert ask(other) is not None


def test_held_pay_counts_to_the_limit(settings: Any) -> None:
    settings.PAY_PACE = 4
    member = judge()
    judging_round(member.cohort, tasks=4)
    choose(member, cap=239)
    following = send(lease(member)).next
    assert following
    assert send(following).next is None
    assert sum(one.amount_minor for one in held_of(member)) == 160
    assert ask(member) is None
    choose(member, cap=240)
    assert ask(member) is not None


def test_the_lower_of_limit_and_budget_counts() -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    set_budget(member.study, 1_000_000)
    choose(member, cap=79)
    assert ask(member) is None
    choose(member, cap=80)
    set_budget(member.study, 79)
    assert ask(member) is None
    set_budget(member.study, 80)
    assert ask(member) is not None


def test_a_person_chooses_on_the_page_and_reads_it_everywhere(client: Client) -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    slug = {"slug": member.study.slug}
    page = reverse("compensation:choices", kwargs=slug)
    client.force_login(member.user)
    assert page in client.get(reverse("compensation:mine", kwargs=slug)).content.decode()
    answer = client.post(page, {"share": "25", "cap": "0,1", "period": "week"}, follow=True)
    text = answer.content.decode()
    assert "One text pays £0.80. You get £0.20 of it." in text
    assert 'value="0.10"' in text
    home = client.get(reverse("desk:study", kwargs=slug)).content.decode()
    assert "You have reached the limit that you set for your pay" in home
    judging = client.get(reverse("annotations:judge", kwargs=slug)).content.decode()
    assert "You have reached the limit that you set" in judging
    assert page in judging
    client.post(page, {"share": "25", "cap": "", "period": "week"})
    assert lease(member).amount_minor == 20
    event = Event.objects.filter(action="compensation.pay_chosen").latest("id")
    assert event.data == {}


@pytest.mark.parametrize(
    "sent",
    [
        {"share": "101", "cap": "", "period": "week"},
        {"share": "-1", "cap": "", "period": "week"},
        {"share": "1.5", "cap": "", "period": "week"},
        {"share": "50", "cap": "1.500", "period": "week"},
        {"share": "50", "cap": "9" * 30, "period": "week"},
        {"share": "50", "cap": "5", "period": "day"},
    ],
)
def test_a_choice_that_cannot_be_is_explained(client: Client, sent: dict[str, str]) -> None:
    member = judge()
    judging_round(member.cohort)
    client.force_login(member.user)
    page = reverse("compensation:choices", kwargs={"slug": member.study.slug})
    assert client.post(page, sent).status_code == 400
    assert not PayChoice.objects.exists()


def test_only_people_who_judge_choose() -> None:
    member = judge()
    judging_round(member.cohort)
    with pytest.raises(NotPermitted, match="Your role"):
        choose(staff(member.study))
    with pytest.raises(Invalid, match="from 0 to 100"):
        choose(member, share=101)


def test_a_limit_in_another_currency_is_not_shown_as_one_in_this(client: Client) -> None:
    member = judge()
    set_rate(member.cohort)
    choose(member, cap=12_345)
    client.force_login(member.user)
    page = reverse("compensation:choices", kwargs={"slug": member.study.slug})
    assert 'value="123.45"' in client.get(page).content.decode()
    set_rate(member.cohort, 80, currency="EUR")
    text = client.get(page).content.decode()
    assert "€0.80" in text
    assert "123.45" not in text
