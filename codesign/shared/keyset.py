"""Pages of long lists. A page begins behind the last row of the one before, so that the millionth
row costs what the first did; there are no page numbers, since counting would read the whole list.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Q, QuerySet
from django.http import QueryDict

AFTER, BEFORE, LAST = "after", "before", "last"


@dataclass(frozen=True)
class Page:
    """Some rows, and the marks at which the pages around them begin; empty where there is none."""

    object_list: Sequence[Any]
    previous: str = ""
    next: str = ""

    def __iter__(self) -> Iterator[Any]:
        """The rows."""
        return iter(self.object_list)

    def __len__(self) -> int:
        """How many rows this page has."""
        return len(self.object_list)

    @property
    def has_other_pages(self) -> bool:
        """Whether this is not all."""
        return bool(self.previous or self.next)


def page_of(rows: QuerySet[Any], *, by: Sequence[str], asked: QueryDict, size: int) -> Page:
    """The page that the address asks for (`after`, `before`, `last`), else the first; one query.

    `by` are columns that an index holds in this order and that together are unique, all rising or
    all falling (`-created_at`). A mark that nobody was given leads to the first page.
    """
    back = LAST in asked or BEFORE in asked
    mark = None if LAST in asked else _read(asked.get(BEFORE) or asked.get(AFTER), len(by))
    back = back and (LAST in asked or mark is not None)
    try:
        found = _found(rows, by, mark, back=back, most=size + 1)
    except (ValidationError, ValueError, TypeError, DataError):
        mark, back = None, False
        found = _found(rows, by, mark, back=back, most=size + 1)
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
    if not found:
        return Page(found)
    before, behind = (more, mark is not None) if back else (mark is not None, more)
    return Page(
        found,
        previous=_mark(found[0], by) if before else "",
        next=_mark(found[-1], by) if behind else "",
    )


def _found(
    rows: QuerySet[Any], by: Sequence[str], mark: list[Any] | None, *, back: bool, most: int
) -> list[Any]:
    falling = by[0].startswith("-") is not back
    names = [name.lstrip("-") for name in by]
    if mark is not None:
        rows = rows.filter(_behind(names, mark, "lt" if falling else "gt"))
    return list(rows.order_by(*(f"-{name}" if falling else name for name in names))[:most])


def _behind(names: Sequence[str], mark: Sequence[Any], than: str) -> Q:
    """Rows behind the mark; the first column is bounded by itself, so that its index serves."""
    behind, same = Q(), Q()
    for name, value in zip(names, mark, strict=True):
        behind |= same & Q(**{f"{name}__{than}": value})
        same &= Q(**{name: value})
    return behind & Q(**{f"{names[0]}__{than}e": mark[0]})


def _mark(row: Any, by: Sequence[str]) -> str:
    values = []
    for name in by:
        value = row
        for part in name.lstrip("-").split("__"):
            value = getattr(value, part)
        values.append(str(value) if not isinstance(value, int) else value)
    written = json.dumps(values, ensure_ascii=False)
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def _read(mark: str | None, length: int) -> list[Any] | None:
    if not mark:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
    except (binascii.Error, ValueError):
        return None
    fits = isinstance(values, list) and len(values) == length
    fits = fits and all(isinstance(value, str | int) and "\0" not in str(value) for value in values)
    return values if fits else None
