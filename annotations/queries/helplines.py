"""Numbers that a reply may well hold: they are nobody's own."""

from __future__ import annotations

import re
from functools import cache

from codesign.care import queries as care


@cache
def helpline_numbers() -> frozenset[str]:
    """Telephone and text numbers of the listed helplines."""
    lines = [line for _, found in care.helplines_by_country() for line in found]
    numbers = " or ".join(f"{line['phone']} or {line['text']}" for line in lines)
    return frozenset(re.split(r",| or ", numbers)) - {""}
