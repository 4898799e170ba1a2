"""What the fault suite needs to know of a kind of job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codesign.jobs.models import Job


@dataclass(frozen=True)
class Scenario:
    """A job with enough to do that a fault can meet it in the middle.

    `start` queues it; `kept` counts what it has kept so far, and is `whole` once it is done, no
    more and no less, however often it was interrupted.
    """

    kind: str
    start: Callable[[], Job]
    kept: Callable[[Job], int]
    whole: int
    all_or_nothing: bool = True
    """Whether nothing is kept before it is done."""
