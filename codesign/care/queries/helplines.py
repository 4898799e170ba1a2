"""The countries and helplines of a study, for the people who keep them, and what is missing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.care.models import Helpline, RecruitedCountry
from codesign.care.queries.help_page import Line, example_lines
from codesign.care.rules.countries import country_name, language_name
from codesign.care.rules.helplines import LineKind, is_due, without_line
from codesign.shared.errors import NotFound


@dataclass(frozen=True)
class KeptLine:
    """A line of a study, its languages in words, and whether to verify it again."""

    line: Helpline
    speaks: str
    due: bool


@dataclass(frozen=True)
class KeptCountry:
    """A country of a study with its lines. `lacks`: it is recruited and has no verified one."""

    code: str
    name: str
    recruited: bool
    lacks: bool
    lines: list[KeptLine]
    examples: int


def recruited_codes(*, study_id: uuid.UUID) -> list[str]:
    """Return the codes of the countries in which the study recruits."""
    recruited = RecruitedCountry.objects.filter(study_id=study_id)
    return list(recruited.values_list("country_code", flat=True))


def codes_without_line(*, study_id: uuid.UUID) -> list[str]:
    """Return the recruited countries in which the study has no verified crisis line."""
    lines = Helpline.objects.verified().crisis_lines().filter(study_id=study_id)
    covered = set(lines.values_list("country_code", flat=True))
    return without_line(recruited_codes(study_id=study_id), covered)


def lines_due(*, study_id: uuid.UUID) -> int:
    """Return how many lines of the study were verified more than 90 days ago."""
    return Helpline.objects.due(timezone.localdate()).filter(study_id=study_id).count()


def line_in(*, study_id: uuid.UUID, line_id: uuid.UUID) -> Helpline:
    """Return one line of that study. Raises NotFound."""
    line = Helpline.objects.select_related("study").filter(study_id=study_id, id=line_id).first()
    if line is None:
        raise NotFound(_("This study has no such helpline."))
    return line


def examples_in(code: str) -> list[Line]:
    """Return the example lines of a country."""
    return [line for line in example_lines() if line.country_code == code and code]


def kept_countries(*, study_id: uuid.UUID) -> list[KeptCountry]:
    """Return the recruited countries by name, then others that have lines. Two queries."""
    today = timezone.localdate()
    recruited = recruited_codes(study_id=study_id)
    lines: dict[str, list[KeptLine]] = {code: [] for code in recruited}
    for line in Helpline.objects.filter(study_id=study_id).select_related("verified_by"):
        due = line.verified_on is not None and is_due(line.verified_on, today)
        speaks = ", ".join(map(language_name, line.languages))
        lines.setdefault(line.country_code, []).append(KeptLine(line, speaks, due))
    kept = [
        KeptCountry(
            code=code,
            name=country_name(code),
            recruited=code in recruited,
            lacks=code in recruited and not any(map(_counts, of_country)),
            lines=sorted(of_country, key=lambda one: one.line.kind != LineKind.EMERGENCY),
            examples=len(examples_in(code)),
        )
        for code, of_country in lines.items()
    ]
    return sorted(kept, key=lambda country: (not country.recruited, country.name))


def _counts(kept: KeptLine) -> bool:
    return kept.line.kind == LineKind.CRISIS and kept.line.verified_on is not None
