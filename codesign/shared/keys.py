"""Short keys, made from titles, by which data sets and programs refer to things."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

from django.utils.text import slugify

LONGEST = 40


def free_key(title: str, *, taken: Collection[str], instead: str, joint: str = "-") -> str:
    """Return a key made from `title` that is not in `taken`.

    `instead` is used if the title has no ASCII letter or digit; `joint` separates words.
    """
    first = slugify(title)[:LONGEST].strip("-").replace("-", joint) or instead
    tries = (first if n == 1 else f"{first}{joint}{n}" for n in count(1))
    return next(key for key in tries if key not in taken)
