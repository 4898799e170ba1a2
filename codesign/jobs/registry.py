"""Every kind of long work: how a worker runs it, and who may see and stop it.

Apps above register their kinds in their services. See `codesign.jobs.services.working.Work` for
what `run` is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from codesign.shared.access import Permission
from codesign.shared.registry import Registry
from codesign.shared.transition import Move

MORE = "more"
"""Returned by a runner that has kept a part and wants another message for the next."""


class Failed(Exception):
    """Raised by a runner: the job ends as failed; the sentence is for the person who asked."""


class Retry(Exception):
    """Raised by a runner: the job waits for so many seconds, and is tried again.

    With `counts`, this was an attempt; otherwise only what a worker died of is one.
    """

    def __init__(self, reason: str, *, seconds: float, counts: bool = False) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.counts = counts


@dataclass(frozen=True)
class Part:
    """The next part of a job for a worker, and whether another worker may take one beside it."""

    number: int = 0
    more: bool = False


def whole(_job: Any) -> Part | None:
    """The job has one part."""
    return Part()


def _nothing(_move: Move) -> None:
    """No domain row moves along."""


@dataclass(frozen=True)
class Kind:
    """One kind of long work.

    `run` does it, and returns MORE where there is more to do in another message (so that other
    jobs of its queue get their turn), anything else once the job is complete. `moved` moves the
    domain's row along, in the transaction that moved the job. `next_part` is asked under the
    job's lock; None where there is nothing left to claim.
    """

    name: str
    task: str
    """Name of the Celery task that carries it."""
    queue: str
    time_limit: int
    """Seconds that one message may take."""
    run: Callable[[Any], Any]
    words: Any
    """What a page calls it; translated lazily."""
    unit: Any
    """What `done` and `total` count, in words."""
    permission: Permission | None
    """Who sees it in the history of its study; None where no page shows it."""
    moved: Callable[[Move], None] = _nothing
    next_part: Callable[[Any], Part | None] = whole
    most_attempts: int | None = 3
    """Workers that may die of a job before it fails; None where another limit counts."""
    cancels_at_once: bool = False
    """Whether cancelling ends it immediately, also where a worker is at it: its claim is void."""
    cancelled_reason: Any = ""
    """What a cancelled job says of its end."""
    page: str = ""
    """The URL name of its subject's page, which takes the study's slug and the subject's id."""


KINDS: Registry[Kind] = Registry("kind of job")


def register(kind: Kind) -> Kind:
    """Make a kind known, once."""
    return KINDS.register(kind.name, kind)
