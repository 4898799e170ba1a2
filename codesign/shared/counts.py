"""Counting no further than helps anybody: a long table is not read to its end for a number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.utils.translation import gettext

AT_MOST = 100
"""Counted up to this many; of more it is said that there are more."""


class AtLeast(int):
    """A number at which counting stopped: there may be more."""


def sum_of(numbers: Iterable[int]) -> int:
    """The sum; at least that much where one of the numbers is."""
    numbers = list(numbers)
    total = sum(numbers)
    return AtLeast(total) if any(isinstance(one, AtLeast) for one in numbers) else total


def up_to_most(rows: QuerySet[Any]) -> int:
    """How many there are; one more than `AT_MOST` stands for every larger number. One query.

    In the order of the rows: where an index holds it, no more than these are read.
    """
    return rows[: AT_MOST + 1].count()


def counted(number: int) -> str:
    """“41”, “at least 41”, or “more than 100”."""
    if number > AT_MOST:
        return gettext("more than %(n)s") % {"n": intcomma(AT_MOST)}
    if isinstance(number, AtLeast):
        return gettext("at least %(n)s") % {"n": int(number)}
    return str(number)
