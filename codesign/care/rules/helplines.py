"""What a helpline of a study must hold, when to check it again, and which countries lack one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from codesign.care.rules.countries import CODES, country_name, is_language
from codesign.care.rules.phone_numbers import number_problem

CHECK_AGAIN_AFTER = timedelta(days=90)
"""Standards 4.7: later, a warning asks to verify the line again."""
WEB = ("https://", "http://")


class LineKind(TextChoices):
    """What a line is for. A country needs a crisis line; an emergency number alone is not one."""

    EMERGENCY = "emergency", _("emergency number")
    CRISIS = "crisis line", _("crisis line")


@dataclass(frozen=True)
class LineDetails:
    """A helpline as a coordinator or safety lead writes it. Empty text means that there is none."""

    country_code: str
    kind: str
    name: str
    phone: str
    text_number: str
    url: str
    hours: str
    languages: tuple[str, ...]
    source_url: str


REACHED_BY = ("phone", "text_number", "url")
"""The fields that say how a line is reached. A change of one of them has to be verified."""


def line_problems(line: LineDetails) -> dict[str, list[str]]:
    """Return field → what is wrong with it."""
    if line.country_code not in CODES:
        return {"country_code": [gettext("Please choose a country from the list.")]}
    country = country_name(line.country_code)
    problems: dict[str, str | None] = {
        "name": None if line.name else gettext("Please fill this in."),
        "kind": None if line.kind in set(LineKind) else gettext("Please choose one."),
        "languages": _language_problem(line.languages),
        "source_url": _address_problem(line.source_url)
        if line.source_url
        else gettext("Add the page on which you found these details."),
        "url": _address_problem(line.url),
    }
    for field in ("phone", "text_number"):
        number = getattr(line, field)
        problems[field] = number_problem(number, country_code=line.country_code, country=country)
    if not any(getattr(line, field) for field in REACHED_BY):
        problems["phone"] = gettext(
            "Add a phone number, a number for text messages or a web address."
        )
    return {field: [problem] for field, problem in problems.items() if problem}


def _language_problem(languages: Collection[str]) -> str | None:
    if not languages:
        return gettext("Add at least one language.")
    for code in languages:
        if not is_language(code):
            return gettext("“%(code)s” is not the code of a language, such as en or es.") % {
                "code": code
            }
    return None


def _address_problem(url: str) -> str | None:
    if url and not url.startswith(WEB):
        return gettext("A web address starts with https:// or http://.")
    return None


def is_due(verified_on: date, today: date) -> bool:
    """Return whether a line was verified so long ago that it has to be checked again."""
    return today - verified_on > CHECK_AGAIN_AFTER


def due_words(count: int) -> str:
    """Return the warning about lines that were verified long ago."""
    words = ngettext(
        "%(n)d helpline was last verified more than 90 days ago. Check it again.",
        "%(n)d helplines were last verified more than 90 days ago. Check them again.",
        count,
    )
    return words % {"n": count}


def without_line(recruited: Iterable[str], covered: Collection[str]) -> list[str]:
    """Return the recruited countries in which the study has no verified crisis line."""
    return sorted(set(recruited) - set(covered))
