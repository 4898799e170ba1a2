"""Emergency numbers: each exists, and those that may be the reader's come first."""

from __future__ import annotations

from datetime import date

import pytest
from phonenumbers import shortnumberinfo

from codesign.care.queries.emergency import emergency_table, numbers_for
from codesign.care.rules.countries import CODES
from codesign.shared.actors import SYSTEM, Actor
from tests.factories.care import cover
from tests.factories.studies import MemberFactory

TABLE = emergency_table()


@pytest.mark.parametrize("code", sorted(TABLE.numbers))
def test_the_library_knows_each_number_as_one_for_emergencies(code: str) -> None:
    assert code in CODES
    assert TABLE.numbers[code]
    for number in TABLE.numbers[code]:
        assert shortnumberinfo.is_emergency_number(number, code), number


def test_the_table_says_where_it_is_from_and_when() -> None:
    assert TABLE.source
    assert TABLE.source_url.startswith("https://")
    assert TABLE.checked_on > date(2026, 1, 1)


def test_a_visitor_sees_countries_of_their_language_first() -> None:
    shown = numbers_for(actor=SYSTEM, language="es-mx", zone="")
    assert not any(one.own for one in shown)
    names = [one.country for one in shown]
    assert len(names) == len(TABLE.numbers)
    spoken = {"Spain", "Mexico", "Chile", "Argentina"}
    assert max(map(names.index, spoken)) < min(map(names.index, ("Germany", "Japan", "Thailand")))


@pytest.mark.django_db
def test_the_country_of_the_studies_comes_before_that_of_the_time_zone() -> None:
    member = MemberFactory.create()
    for code in ("IE", "ES"):
        cover(member.study, code, name="A line")
    actor = Actor.of(member.user)

    def own(zone: str) -> list[str]:
        shown = numbers_for(actor=actor, language="en", zone=zone)
        return [one.country for one in shown if one.own]

    recruited = ["Ireland", "Spain", "United Kingdom"]
    assert own("Europe/Madrid") == ["Spain", "Ireland", "United Kingdom"]
    assert own("Asia/Tokyo") == [*recruited, "Japan"]
    assert own("UTC") == own("nowhere") == recruited
    shown = numbers_for(actor=actor, language="en", zone="Europe/Dublin")
    assert [(one.country, one.words) for one in shown[:3]] == [
        ("Ireland", "112 or 999"),
        ("Spain", "112"),
        ("United Kingdom", "999 or 112"),
    ]
