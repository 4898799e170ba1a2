"""Floors that operators add, and rates that are refused by them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from codesign.compensation.models import PayFloor, PayRate
from codesign.compensation.queries.floors import floors_of
from codesign.compensation.rules.floors import Floor
from codesign.compensation.services import floors, pay_rates
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid, NotPermitted
from tests.factories.accounts import UserFactory
from tests.factories.care import cover
from tests.factories.compensation import set_floor, set_rate
from tests.factories.studies import MemberFactory, staff
from tests.support.fixed_rows import nothing_changes

pytestmark = pytest.mark.django_db


def test_a_rate_below_the_minimum_is_refused_and_one_above_is_not() -> None:  # standards 3.2
    cohort = MemberFactory.create().cohort
    assert cohort
    with pytest.raises(Invalid, match=r"£2.40 an hour is below the minimum") as refused:
        set_rate(cohort, 20, seconds=300)
    assert set(refused.value.fields) == {"amount"}
    assert not PayRate.objects.exists()
    set_rate(cohort, 50, seconds=300)


def test_a_rate_that_began_in_the_past_is_checked_against_todays_floor() -> None:
    cohort = MemberFactory.create().cohort
    assert cohort
    with pytest.raises(Invalid, match="below the minimum"):
        pay_rates.set_rate(
            actor=SYSTEM,
            cohort=cohort,
            amount_minor=20,
            currency="GBP",
            estimated_seconds=300,
            effective_from=timezone.now() - timedelta(days=3650),
        )


def test_a_floor_of_a_country_holds_where_the_study_recruits() -> None:
    set_floor(minimum_minor=1282, country="DE", currency="EUR")
    cohort = MemberFactory.create().cohort
    assert cohort
    set_rate(cohort, 60, currency="EUR")
    cover(cohort.study, "DE")
    with pytest.raises(Invalid, match=r"below the minimum of €12.82 an hour \(A norm\)"):
        set_rate(cohort, 60, currency="EUR")
    set_rate(cohort, 65, currency="EUR")


def test_the_command_adds_a_floor_with_its_source() -> None:
    call_command(
        "set_pay_floor", "Mindestlohn", "--currency", "eur", "--country", "de", "--minimum",
        "12,82", "--recommended", "15", "--from", "2026-01-01", "--source", "MiLoG",
    )  # fmt: skip
    study = MemberFactory.create().study
    cover(study, "DE")
    assert floors_of(study_id=study.id, currencies=["EUR"], on=timezone.now().date()) == [
        Floor("Mindestlohn", "DE", "EUR", 1282, 1500, PayFloor.objects.get().valid_from, "MiLoG")
    ]
    nothing_changes({PayFloor: {"minimum_minor": 1}})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--currency", "EUR", "--source", "x"], "Give a minimum"),
        (["--currency", "GPB", "--source", "x", "--minimum", "1"], "not a currency in use"),
        (["--currency", "EUR", "--source", "x", "--minimum", "1.500"], "two ways"),
        (["--currency", "EUR", "--source", " ", "--minimum", "1"], "its source"),
        (["--currency", "EUR", "--source", "x", "--minimum", "1", "--country", "DEU"], "letters"),
        (["--currency", "EUR", "--source", "x", "--minimum", "9", "--recommended", "8"],
         "at least the minimum"),
        (["--currency", "EUR", "--source", "x", "--minimum", "9", "--as", "no@example.org"],
         "no account"),
    ],
)  # fmt: skip
def test_a_floor_that_cannot_be_is_refused(options: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("set_pay_floor", "A norm", *options)
    assert not PayFloor.objects.exists()


def test_only_site_admins_set_floors_and_once_for_a_date() -> None:
    floor = Floor("A norm", "", "EUR", 1, None, timezone.now().date(), "A test")
    for other in (staff(MemberFactory.create().study).user, UserFactory.create()):
        with pytest.raises(NotPermitted, match="site admin"):
            floors.set_floor(actor=Actor.of(other), floor=floor)
    floors.set_floor(actor=Actor.of(UserFactory.create(is_site_admin=True)), floor=floor)
    with pytest.raises(Conflict, match="already has a floor"):
        floors.set_floor(actor=SYSTEM, floor=floor)
