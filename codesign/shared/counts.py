"""Bounded counts, so that a long table is not read to its end just to show a number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.utils.translation import gettext

AT_MOST = 100
"""Counting stops here; pages then show “more than 100”."""


class AtLeast(int):
    """A lower bound: counting stopped here and there may be more."""


def sum_of(numbers: Iterable[int]) -> int:
    """Return the sum, as a lower bound if any of the numbers is one."""
    numbers = list(numbers)
    total = sum(numbers)
    return AtLeast(total) if any(isinstance(one, AtLeast) for one in numbers) else total


def up_to_most(rows: QuerySet[Any]) -> int:
    """Return the number of rows, up to `AT_MOST` + 1, which means “more than `AT_MOST`”. One query.

    Keeps the order of the rows, so that an index on it lets the database stop early.
    """
    return rows[: AT_MOST + 1].count()


def counted(number: int) -> str:
    """“41”, “at least 41”, or “more than 100”."""
    if number > AT_MOST:
        return gettext("more than %(n)s") % {"n": intcomma(AT_MOST)}
    if isinstance(number, AtLeast):
        return gettext("at least %(n)s") % {"n": int(number)}
    return str(number)
