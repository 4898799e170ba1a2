"""Emergency numbers by country, which ship with the code. No study answers for them.

A number is in the table if libphonenumber lists it as one for emergencies; those that reach the
police or the fire service alone were left out by hand. Each study verifies lines of its own, which
people see beside these (decision 33).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _

from codesign.care.models import RecruitedCountry
from codesign.care.rules.countries import country_name, country_of_zone, speaks
from codesign.shared.actors import Actor
from codesign.studies.queries import memberships

TABLE = Path(__file__).resolve().parents[1] / "emergency_numbers.json"


@dataclass(frozen=True)
class EmergencyTable:
    """Country → numbers, the most useful first, with where they are from and when."""

    source: str
    source_url: str
    checked_on: date
    numbers: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class CountryNumbers:
    """The numbers of a country in words, such as "999 or 112". `own` if it may be the reader's."""

    country: str
    words: str
    own: bool


@cache
def emergency_table() -> EmergencyTable:
    """Return the table that ships with the code."""
    read = json.loads(TABLE.read_text(encoding="utf-8"))
    return EmergencyTable(**{**read, "checked_on": date.fromisoformat(read["checked_on"])})


def numbers_for(*, actor: Actor, language: str, zone: str) -> list[CountryNumbers]:
    """Return the emergency numbers of all countries; one query if somebody is signed in.

    First those that may be the person's: the country of their time zone if their studies recruit
    there, those of their studies, that of the time zone (`zone`, "" if nobody is signed in). Then
    countries in which the language is spoken, and the others, by name.
    """
    numbers, own = emergency_table().numbers, _own_countries(actor, zone)
    spoken = language.split("-")[0].lower()
    rest = sorted(numbers.keys() - own, key=lambda code: (not speaks(code, spoken), _name(code)))
    return [
        CountryNumbers(country_name(code), _(" or ").join(numbers[code]), own=code in own)
        for code in [*own, *rest]
        if code in numbers
    ]


def _own_countries(actor: Actor, zone: str) -> dict[str, None]:
    """Return the countries that may be the person's, in order."""
    if actor.user_id is None:
        return {}
    of_zone = country_of_zone(zone)
    studies = memberships(actor=actor).order_by().values("study_id")
    rows = RecruitedCountry.objects.filter(study_id__in=studies).order_by("country_code")
    recruited = list(dict.fromkeys(rows.values_list("country_code", flat=True)))
    recruited.sort(key=lambda code: (code != of_zone, _name(code)))
    return dict.fromkeys([*recruited, of_zone] if of_zone else recruited)


def _name(code: str) -> str:
    return country_name(code).casefold()
