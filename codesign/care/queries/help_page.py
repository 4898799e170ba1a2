"""The content of the Help page: words and example lines that ship with the code, lines of studies.

The example lines are the same for every installation. Each study verifies lines of its own, which
its members see first (standards 4.7).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy

from codesign.care.models import Helpline
from codesign.care.rules.countries import country_name
from codesign.care.rules.helplines import LineDetails, LineKind
from codesign.shared.actors import Actor
from codesign.studies.queries import memberships

HERE = Path(__file__).resolve().parents[1]
SUPPORT = gettext_lazy(
    "Some of your words can mean that somebody wants to die or to hurt themselves. If you feel"
    " like this, now or sometimes, please talk to someone today. The people on these lines listen"
    " and do not judge."
)
"""Shown after text that suggests a need for it (WHO and IASP 2023: no blame, no method, hope)."""


@dataclass(frozen=True)
class Line:
    """A helpline as people see it. `example`: it ships with the code and no study verified it."""

    country_code: str
    kind: str
    name: str
    phone: str
    text: str
    url: str
    hours: str
    languages: tuple[str, ...]
    note: str
    source: str
    checked_on: date
    example: bool

    @property
    def details(self) -> LineDetails:
        """What a study stores when it takes this line over."""
        return LineDetails(
            country_code=self.country_code,
            kind=self.kind,
            name=self.name,
            phone=self.phone,
            text_number=self.text,
            url=self.url,
            hours=self.hours,
            languages=self.languages,
            source_url=self.source,
        )

    def matches(self, other: Line) -> bool:
        """Return whether two lines of one country are reached in the same way."""
        return (self.phone or self.text or self.url) == (other.phone or other.text or other.url)


class Country(NamedTuple):
    """A country, in the language of the page, and its lines: emergency numbers first."""

    name: str
    lines: list[Line]

    @property
    def example(self) -> bool:
        """Whether a study has verified none of these lines."""
        return all(line.example for line in self.lines)


@cache
def help_parts() -> list[dict[str, Any]]:
    """Return the sections of the page: headings and paragraphs."""
    return json.loads((HERE / "help.json").read_text(encoding="utf-8"))


@cache
def example_lines() -> list[Line]:
    """Return the lines that ship with the code, country by country."""
    rows = json.loads((HERE / "helplines.json").read_text(encoding="utf-8"))
    return [
        Line(
            **{key: row[key] for key in ("country_code", "kind", "name", "phone", "text", "url")},
            **{key: row[key] for key in ("hours", "note", "source")},
            languages=tuple(row["languages"]),
            checked_on=date.fromisoformat(row["checked_on"]),
            example=True,
        )
        for row in rows
    ]


def countries_for(*, actor: Actor, language: str) -> list[Country]:
    """Return the verified lines of the actor's studies by country, then the examples.

    Countries with a line in the person's language come first, lines for everywhere else last. No
    country is left out, because the person's country is not known.
    """
    spoken = language.split("-")[0].lower()
    own = _by_country(_lines_of_studies(actor))
    examples = _by_country(example_lines())
    for code, lines in own.items():
        if not any(line.kind == LineKind.EMERGENCY for line in lines):
            lines += [line for line in examples[code] if line.kind == LineKind.EMERGENCY]
        examples[code] = [
            line for line in examples[code] if not any(line.matches(one) for one in lines)
        ]
    return [*_ordered(own, spoken), *_ordered(examples, spoken)]


def _lines_of_studies(actor: Actor) -> list[Line]:
    studies = memberships(actor=actor).order_by().values("study_id")
    rows = Helpline.objects.verified().filter(study_id__in=studies)
    lines: list[Line] = []
    for row in rows:
        line = _shown(row)
        if not any(line.country_code == one.country_code and line.matches(one) for one in lines):
            lines.append(line)  # the same line may be in several of a person's studies
    return lines


def _shown(row: Helpline) -> Line:
    return Line(
        country_code=row.country_code,
        kind=row.kind,
        name=row.name,
        phone=row.phone,
        text=row.text_number,
        url=row.url,
        hours=row.hours,
        languages=tuple(row.languages),
        note="",
        source=row.source_url,
        checked_on=row.verified_on,  # type: ignore[arg-type]  # only verified rows are shown
        example=False,
    )


def _by_country(lines: Iterable[Line]) -> dict[str, list[Line]]:
    by_country: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_country[line.country_code].append(line)
    return by_country


def _ordered(by_country: dict[str, list[Line]], spoken: str) -> list[Country]:
    """Sort countries, and the lines of each, keeping their order where nothing else decides."""

    def line_order(line: Line) -> tuple[bool, bool]:
        return line.kind != LineKind.EMERGENCY, spoken not in line.languages

    def country_order(code: str) -> tuple[bool, bool]:
        return not code, all(spoken not in line.languages for line in by_country[code])

    return [
        Country(country_name(code), sorted(by_country[code], key=line_order))
        for code in sorted(by_country, key=country_order)
        if by_country[code]
    ]
