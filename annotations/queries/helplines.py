"""Numbers of helplines, which are not personal data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from codesign.care.models import Helpline
from codesign.care.queries.help_page import example_lines
from codesign.studies.models import Study


@cache
def helpline_numbers() -> frozenset[str]:
    """Return the telephone and text numbers of the helplines that ship with the code."""
    return _numbers_in(f"{line.phone} or {line.text}" for line in example_lines())


def numbers_known_to(study: Study) -> frozenset[str]:
    """Return these numbers and those of the lines that the study has verified; one query."""
    lines = Helpline.objects.verified().filter(study=study).values_list("phone", "text_number")
    return helpline_numbers() | _numbers_in(f"{phone} or {text}" for phone, text in lines)


def _numbers_in(typed: Iterable[str]) -> frozenset[str]:
    return frozenset(re.split(r",| or ", " or ".join(typed))) - {""}
