"""Keyset pagination. A page starts after the last row of the previous page, so that every page
costs the same. There are no page numbers, because counting would read the whole list.
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
    """Rows of a page, and the marks of the pages before and after it; empty if there is none."""

    object_list: Sequence[Any]
    previous: str = ""
    next: str = ""

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the rows."""
        return iter(self.object_list)

    def __len__(self) -> int:
        """Return the number of rows on this page."""
        return len(self.object_list)

    @property
    def has_other_pages(self) -> bool:
        """Return whether the list has more pages than this one."""
        return bool(self.previous or self.next)


def page_of(rows: QuerySet[Any], *, by: Sequence[str], asked: QueryDict, size: int) -> Page:
    """Return the page that the address asks for (`after`, `before`, `last`), or the first.

    Costs one query.
    `by` names columns of an index in its order. Together they are unique, and all are ascending or
    all descending (`-created_at`). An invalid mark leads to the first page.
    """
    back = LAST in asked or BEFORE in asked
    mark = None if LAST in asked else _read(asked.get(BEFORE) or asked.get(AFTER), len(by))
    back = back and (LAST in asked or mark is not None)
    try:
        window = _window(rows, by, mark, back=back, most=size + 1)
    except (ValidationError, ValueError, TypeError, DataError):
        mark, back = None, False
        window = _window(rows, by, mark, back=back, most=size + 1)
    more = len(window) > size
    shown = window[:size]
    if back:
        shown.reverse()
    if not shown:
        return Page(shown)
    before, behind = (more, mark is not None) if back else (mark is not None, more)
    return Page(
        shown,
        previous=_mark(shown[0], by) if before else "",
        next=_mark(shown[-1], by) if behind else "",
    )


def _window(
    rows: QuerySet[Any], by: Sequence[str], mark: list[Any] | None, *, back: bool, most: int
) -> list[Any]:
    falling = by[0].startswith("-") is not back
    names = [name.lstrip("-") for name in by]
    if mark is not None:
        rows = rows.filter(_behind(names, mark, "lt" if falling else "gt"))
    return list(rows.order_by(*(f"-{name}" if falling else name for name in names))[:most])


def _behind(names: Sequence[str], mark: Sequence[Any], than: str) -> Q:
    """Return the condition for rows after the mark. Bounding the first column uses its index."""
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
