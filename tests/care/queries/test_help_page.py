"""Which lines a person sees, in which order."""

from __future__ import annotations

import pytest

from codesign.care.models import Helpline
from codesign.care.queries.help_page import Country, countries_for, example_lines
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Member
from tests.factories.care import cover
from tests.factories.studies import CohortFactory, MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    """Of a study in the United Kingdom with one line, Samaritans."""
    return MemberFactory.create()


def seen(member: Member, language: str = "en") -> list[Country]:
    return countries_for(actor=Actor.of(member.user), language=language)


def names(country: Country) -> list[str]:
    return [line.name for line in country.lines]


def test_examples_are_grouped_by_country_each_once() -> None:
    countries = countries_for(actor=SYSTEM, language="en")
    assert all(country.example for country in countries)
    assert len({country.name for country in countries}) == len(countries) == 8
    assert countries[-1].name == "Everywhere else"
    assert sum(len(country.lines) for country in countries) == len(example_lines())
    for country in countries[:-1]:
        assert country.lines[0].kind == "emergency"


def test_a_country_of_a_study_begins_with_an_emergency_number(member: Member) -> None:
    own, *others = seen(member)
    assert own.name == "United Kingdom"
    assert names(own) == ["Emergency services", "Samaritans"]
    assert [line.example for line in own.lines] == [True, False]
    assert not own.example
    [general] = [country for country in others if country.name == "United Kingdom"]
    assert general.example
    assert "Samaritans" not in names(general)
    assert "Emergency services" not in names(general)
    assert "Shout" in names(general)


def test_an_emergency_number_of_the_study_is_enough(member: Member) -> None:
    line = cover(member.study, name="999")
    Helpline.objects.filter(id=line.id).update(kind="emergency", phone="999")
    assert names(seen(member)[0]) == ["999", "Samaritans"]


def test_the_language_of_the_person_comes_first(member: Member) -> None:
    spanish = cover(member.study, "ES", name="024")
    Helpline.objects.filter(id=spanish.id).update(languages=["es"], phone="024")
    other = cover(member.study, name="Other")
    Helpline.objects.filter(id=other.id).update(languages=["es"], phone="0800 58 58 58")
    assert [country.name for country in seen(member)][:2] == ["United Kingdom", "Spain"]
    assert names(seen(member)[0])[1:] == ["Samaritans", "Other"]
    for language in ("es", "es-MX"):
        [first, second, *_rest] = seen(member, language)
        assert (first.name, second.name) == ("Spain", "United Kingdom")
        assert names(second)[1:] == ["Other", "Samaritans"]


def test_lines_of_all_studies_are_shown_and_equal_ones_once(member: Member) -> None:
    MemberFactory.create(user=member.user, cohort=CohortFactory.create())
    assert names(seen(member)[0]) == ["Emergency services", "Samaritans"]
    cover(MemberFactory.create().study, name="Of another study")
    assert "Of another study" not in names(seen(member)[0])


def test_no_lines_of_a_study_that_a_person_was_removed_from(member: Member) -> None:
    member.left_at = member.created_at
    member.save()
    assert all(country.example for country in seen(member))
