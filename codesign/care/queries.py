"""Reading the words of the Help page; they ship with the code and change only with it."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy

HERE = Path(__file__).resolve().parent
SUPPORT = gettext_lazy(
    "Some of your words can mean that somebody wants to die or to hurt themselves. If that is how"
    " you feel, now or sometimes, please talk to someone today. The people on these lines listen,"
    " and they do not judge."
)
"""Said to somebody whose words ask for it (WHO and IASP 2023: no blame, no method, hope)."""


@cache
def help_parts() -> list[dict[str, Any]]:
    """The parts of the page: heading and paragraphs."""
    return json.loads((HERE / "help.json").read_text(encoding="utf-8"))


@cache
def helplines_by_country() -> list[tuple[str, list[dict[str, Any]]]]:
    """(country, its lines): emergency numbers first, as they stand in the file."""
    lines = json.loads((HERE / "helplines.json").read_text(encoding="utf-8"))
    for line in lines:
        line["checked_on"] = date.fromisoformat(line["checked_on"])
    return [(name, list(found)) for name, found in groupby(lines, key=lambda x: x["country"])]


Country = tuple[str, list[dict[str, Any]]]
"""(its name; its lines)"""


def countries_for(*, language: str) -> list[Country]:
    """Every country's lines as on the Help page, those that speak the person's language first.

    What is for everywhere else stands last.

    In which country somebody is, is not known here, so none is left out.
    """
    spoken = language.split("-")[0].lower()

    def order(country: Country) -> tuple[bool, bool]:
        lines = country[1]
        elsewhere = not any(line["country_code"] for line in lines)
        return elsewhere, all(spoken not in line["languages"] for line in lines)

    return sorted(helplines_by_country(), key=order)
