"""Numbers of helplines, which are not personal data."""

from __future__ import annotations

import re
from functools import cache

from codesign.care import queries as care


@cache
def helpline_numbers() -> frozenset[str]:
    """Return the telephone and text numbers of the listed helplines."""
    lines = [line for _, country in care.helplines_by_country() for line in country]
    numbers = " or ".join(f"{line['phone']} or {line['text']}" for line in lines)
    return frozenset(re.split(r",| or ", numbers)) - {""}
