"""Whether a release that is being built is still wanted, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db.models import QuerySet

from annotations.datasets.plumbing.build import Progress
from annotations.models import DatasetRelease

TELL_EVERY = 0.5
"""Seconds between two looks at the row, or two writes of the progress into it."""


class Cancelled(Exception):
    """Somebody cancelled the release while it was built; its row says so already."""


def wanted(*, release: DatasetRelease) -> QuerySet[DatasetRelease]:
    """The row of a release, as long as it is still being made."""
    return DatasetRelease.objects.unfinished().filter(id=release.id)


def _is_due() -> Callable[[], bool]:
    """Whether some time has gone by since it last said so."""
    last = 0.0

    def due() -> bool:
        nonlocal last
        if yes := time.monotonic() - last >= TELL_EVERY:
            last = time.monotonic()
        return yes

    return due


def stopped_by_cancelling(*, row: QuerySet[DatasetRelease]) -> Callable[[], None]:
    """Looks now and then whether it is still wanted, before there is any progress to tell.

    It only reads: within the reading's transaction, a change would keep who cancels waiting.
    """
    due = _is_due()

    def look() -> None:
        if due() and not row.exists():
            raise Cancelled

    return look


def told_to_database(*, row: QuerySet[DatasetRelease], listener: Progress) -> Progress:
    """Writes the progress into the row now and then, and ends it where nobody wants it any more."""
    due = _is_due()

    def tell(done: int, total: int) -> None:
        if due() or done == total:
            if not row.update(rows_done=done, rows_total=total):
                raise Cancelled
            listener(done, total)

    return tell
