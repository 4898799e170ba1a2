"""Numbers of helplines, which are not personal data."""

from __future__ import annotations

import re
from functools import cache

from codesign.care.queries.help_page import example_lines


@cache
def helpline_numbers() -> frozenset[str]:
    """Return the telephone and text numbers of the helplines that ship with the code."""
    numbers = " or ".join(f"{line.phone} or {line.text}" for line in example_lines())
    return frozenset(re.split(r",| or ", numbers)) - {""}
