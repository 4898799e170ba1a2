"""Short names by which data sets and programs know a thing, made from its title."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from django.utils.text import slugify

LONGEST = 40


def free_key(title: str, *, taken: Collection[str], instead: str, joint: str = "-") -> str:
    """A key from a title that is not taken yet.

    `instead` where the title has no letter or digit of ASCII; `joint` stands between words.
    """
    first = slugify(title)[:LONGEST].strip("-").replace("-", joint) or instead
    tries = (first if n == 1 else f"{first}{joint}{n}" for n in count(1))
    return next(key for key in tries if key not in taken)
