"""Counting no further than helps anybody: a long table is not read to its end for a number."""

from __future__ import annotations

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.utils.translation import gettext

AT_MOST = 100
"""Counted up to this many; of more it is said that there are more."""


def up_to_most(rows: QuerySet[Any]) -> int:
    """How many there are; one more than `AT_MOST` stands for every larger number. One query.

    In the order of the rows: where an index holds it, no more than these are read.
    """
    return rows[: AT_MOST + 1].count()


def counted(number: int) -> str:
    """“41”, or “more than 100”."""
    if number > AT_MOST:
        return gettext("more than %(n)s") % {"n": intcomma(AT_MOST)}
    return str(number)
