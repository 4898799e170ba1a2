"""Reading the words of the Help page; they ship with the code and change only with it."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


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
