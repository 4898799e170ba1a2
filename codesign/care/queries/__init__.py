"""The content of the Help page. It ships with the code and changes only with it."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy

HERE = Path(__file__).resolve().parents[1]
SUPPORT = gettext_lazy(
    "Some of your words can mean that somebody wants to die or to hurt themselves. If you feel"
    " like this, now or sometimes, please talk to someone today. The people on these lines listen"
    " and do not judge."
)
"""Shown after text that suggests a need for it (WHO and IASP 2023: no blame, no method, hope)."""


@cache
def help_parts() -> list[dict[str, Any]]:
    """Return the sections of the page: headings and paragraphs."""
    return json.loads((HERE / "help.json").read_text(encoding="utf-8"))


@cache
def helplines_by_country() -> list[tuple[str, list[dict[str, Any]]]]:
    """Return (country, its lines) in the order of the file: emergency numbers first."""
    lines = json.loads((HERE / "helplines.json").read_text(encoding="utf-8"))
    for line in lines:
        line["checked_on"] = date.fromisoformat(line["checked_on"])
    return [(name, list(rows)) for name, rows in groupby(lines, key=lambda line: line["country"])]


Country = tuple[str, list[dict[str, Any]]]
"""(name, lines)"""


def countries_for(*, language: str) -> list[Country]:
    """Return the lines of every country, those that speak the person's language first.

    Lines for everywhere else come last. No country is left out, because the person's country is not
    known.
    """
    spoken = language.split("-")[0].lower()

    def order(country: Country) -> tuple[bool, bool]:
        lines = country[1]
        elsewhere = not any(line["country_code"] for line in lines)
        return elsewhere, all(spoken not in line["languages"] for line in lines)

    return sorted(helplines_by_country(), key=order)
