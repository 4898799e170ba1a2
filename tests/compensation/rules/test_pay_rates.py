"""Rates: exact or refused, in a real currency, above zero; priced by what is asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from codesign.compensation.models import Leg, PayRate, Promise
from codesign.compensation.queries import ledger, trial_balance
from codesign.compensation.rules import pay_rates as pay_rules
from codesign.compensation.services import pay_rates
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Invalid
from codesign.studies.models import Member
from tests.factories.annotations import SOURCE_A, SOURCE_B, judge, judging_round, lease, send
from tests.factories.compensation import set_rate
from tests.factories.consent import publish, sign
from tests.factories.studies import MemberFactory, staff
from tests.support.judging_api import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def rates_page(member: Member) -> str:
    return reverse("compensation:rates", kwargs={"slug": member.study.slug})


def sent(client: Client, member: Member, amount: str, currency: str = "GBP", **more: str) -> Any:
    client.force_login(staff(member.study).user)
    assert member.cohort
    fields = {"cohort": member.cohort.key, "amount": amount, "currency": currency, "minutes": "3"}
    return client.post(rates_page(member), fields | more)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("43000000", "IDR", 4_300_000_000),  # was IDR 50,327.04
        ("43.000.000,00", "IDR", 4_300_000_000),
        ("1000", "GBP", 100_000),
        ("100000000", "IDR", 10_000_000_000),
        ("1,50", "GBP", 150),
        ("1.50", "GBP", 150),
        ("0.250", "KWD", 250),
        ("150", "JPY", 150),
        ("25", "IQD", 25_000),
    ],
)
def test_a_rate_is_stored_exactly(
    member: Member, client: Client, amount: str, currency: str, minor: int
) -> None:
    assert sent(client, member, amount, currency).status_code == 302
    rate = PayRate.objects.get()
    assert (rate.amount_minor, rate.currency) == (minor, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [
        ("42949672.97", "GBP", "Type at most £1,000.00. Is a decimal point missing?"),
        ("99999999999", "GBP", "Type at most £1,000.00."),
        ("21474836.48", "GBP", "Type at most £1,000.00."),
        ("1000.01", "GBP", "Type at most £1,000.00."),
        ("100000000.01", "IDR", "Type at most IDR\N{NO-BREAK SPACE}100,000,000.00."),
        ("0", "GBP", "Type an amount above zero"),
        ("0.00", "GBP", "Type an amount above zero"),
        ("-1", "GBP", "Type the amount as a number, such as 1.50."),
        ("1.500", "GBP", "“1.500” can be read in two ways. Type 1500 or 1.5."),
        ("0.805", "GBP", "GBP has at most 2 decimals."),
        ("0.80", "GPB", "“GPB” is not a currency in use."),
        ("0.80", "XXX", "“XXX” is not a currency in use."),
        ("0.80", "XAU", "“XAU” is not a currency in use."),
        ("0.80", "BOV", "“BOV” is not a currency in use."),
        ("0.80", "HRK", "“HRK” is not a currency in use."),
        ("9" * 400, "GBP", "keep this to 40 characters"),
    ],
)
def test_invalid_rate_is_refused_with_a_message(
    member: Member, client: Client, amount: str, currency: str, says: str
) -> None:
    answer = sent(client, member, amount, currency)
    assert answer.status_code == 400
    words = " ".join(
        str(error) for errors in answer.context["form"].errors.values() for error in errors
    )
    assert says in words
    assert not PayRate.objects.exists()


def test_the_form_says_the_largest_amount_and_the_price_by_replies(
    member: Member, client: Client
) -> None:
    client.force_login(staff(member.study).user)
    page = client.get(rates_page(member)).content.decode()
    assert "The maximum is a thousand in pounds, euros or dollars" in page
    assert "0.80 becomes 1.20 for three replies and 1.60 for four" in page


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("amount", {"amount_minor": 0}),
        ("amount", {"amount_minor": -1}),
        ("amount", {"amount_minor": 100_001}),
        ("amount", {"amount_minor": 2**64 + 1}),
        ("currency", {"currency": "GPB"}),
        ("currency", {"currency": "gbp"}),
        ("minutes", {"estimated_seconds": 0}),
        ("minutes", {"estimated_seconds": 36_001}),
        ("minutes", {"estimated_seconds": 2**32 + 1}),
    ],
)
def test_no_other_door_sets_such_a_rate(member: Member, field: str, change: dict[str, Any]) -> None:
    """The service refuses: the page, the demo study and what comes later all call it."""
    rate: dict[str, Any] = {"amount_minor": 80, "currency": "GBP", "estimated_seconds": 180}
    rate |= change
    assert member.cohort
    with pytest.raises(Invalid) as refused:
        pay_rates.set_rate(actor=SYSTEM, cohort=member.cohort, **rate)
    assert set(refused.value.fields) == {field}
    assert not PayRate.objects.exists()


def test_an_amount_beyond_32_bits_is_exact_from_rate_to_statement() -> None:
    """IDR 43,000,000.00 in minor units is 4,300,000,000: of 32 bits 5,032,704 was left."""
    panelist = MemberFactory.create()
    set_rate(panelist.cohort, 4_300_000_000, currency="IDR")
    sign(panelist)
    judging_round(panelist.cohort)
    held = lease(panelist)
    assert Caller(panelist).lease().json()["pay"] == {
        "amount_minor": 4_300_000_000,
        "currency": "IDR",
    }
    send(held)
    assert Assignment.objects.get().amount_minor == 4_300_000_000
    assert Promise.objects.get().hourly_minor == 86_000_000_000
    assert {leg.amount_minor for leg in Leg.objects.all()} == {4_300_000_000, -4_300_000_000}
    assert ledger.balances(member_id=panelist.id) == {"IDR": 4_300_000_000}
    client = Client()
    client.force_login(panelist.user)
    page = client.get(reverse("compensation:mine", kwargs={"slug": panelist.study.slug}))
    assert page.content.decode().count("IDR\N{NO-BREAK SPACE}43,000,000.00") == 2
    assert [*trial_balance.imbalances(), *trial_balance.credits_against_work()] == []


# (rate, replies) → pay: half of the rate, rounded up, for each reply after the second
PRICES = [
    (80, 1, 80), (80, 2, 80), (80, 3, 120), (80, 4, 160),
    (81, 2, 81), (81, 3, 122), (81, 4, 163),
    (1, 2, 1), (1, 3, 2), (1, 4, 3),
    (150, 3, 225), (80, 0, 80), (80, 49, 80 + 47 * 40), (4_300_000_001, 3, 6_450_000_002),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "replies", "pays"), PRICES)
def test_each_reply_after_the_second_adds_half(rate: int, replies: int, pays: int) -> None:
    assert pay_rules.pay_for(amount_minor=rate, replies=replies) == pays


@pytest.mark.parametrize(("replies", "pays"), [(1, 81), (2, 81), (3, 122), (4, 163)])
def test_a_text_pays_by_its_replies_judged_or_skipped(replies: int, pays: int) -> None:
    sources = (SOURCE_A, SOURCE_B, SOURCE_A, SOURCE_B)[:replies]
    panelist = judge()
    set_rate(panelist.cohort, 81)
    judging_round(panelist.cohort, tasks=2, sources=sources)
    first = lease(panelist)
    assert first.amount_minor == pays
    shown = Caller(panelist).lease().json()
    assert shown["pay"] == {"amount_minor": pays, "currency": "GBP"}
    send(first)
    Caller(panelist).send(
        "POST", f"assignments/{lease(panelist).id}/skip/", {"reason": "too_close"}
    )
    assert ledger.balances(member_id=panelist.id) == {"GBP": 2 * pays}
    assert [*trial_balance.imbalances(), *trial_balance.credits_against_work()] == []


def test_people_read_what_texts_with_more_replies_pay_before_they_start(client: Client) -> None:
    price = "£0.80 for one or two replies, £1.20 for three, £1.60 for four"
    panelist = MemberFactory.create()
    judging_round(panelist.cohort)
    set_rate(panelist.cohort)
    publish(panelist.study)
    client.force_login(panelist.user)
    text = client.get(reverse("consent:read", kwargs={"slug": panelist.study.slug}))
    assert price in text.content.decode()
    sign(panelist)
    home = client.get(reverse("desk:study", kwargs={"slug": panelist.study.slug}))
    assert price in home.content.decode()
    client.force_login(staff(panelist.study).user)
    assert price in client.get(rates_page(panelist)).content.decode()


def test_other_currencies_show_only_the_hourly_rate(member: Member, client: Client) -> None:
    assert sent(client, member, "10", "IDR").status_code == 302
    page = client.get(rates_page(member)).content.decode()
    assert "IDR\N{NO-BREAK SPACE}200.00 an hour" in page
    assert "Prolific" not in page
