"""The kinds of jobs: how a worker runs each kind, and who may see, cancel and resume it.

Other apps register their kinds in their services. `run` gets a
`codesign.jobs.services.working.Work`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from codesign.shared.access import Permission
from codesign.shared.actors import Actor
from codesign.shared.registry import Registry
from codesign.shared.transition import Move

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

MORE = "more"
"""A runner returns this if it has saved a part and needs another message for the next part."""


class Failed(Exception):
    """A runner raises this to end the job as failed. The sentence is for people."""


class Retry(Exception):
    """A runner raises this to retry the job after some seconds.

    With `counts`, this was an attempt. Otherwise only deaths of workers count as attempts.
    """

    def __init__(self, reason: StrOrPromise, *, seconds: float, counts: bool = False) -> None:
        super().__init__(str(reason))
        self.seconds = seconds
        self.counts = counts


@dataclass(frozen=True)
class Part:
    """The next part of a job; `more` is whether other workers may claim parts at the same time."""

    number: int = 0
    more: bool = False


def whole(_job: Any) -> Part | None:
    """Return the only part of a job."""
    return Part()


def _nothing(_move: Move) -> None:
    """No-op callback."""


@dataclass(frozen=True)
class Change:
    """How people cancel or resume a job of a kind in a study's history of jobs."""

    permission: Permission
    """Permission to do this, which the service checks."""
    service: Callable[[Actor, Any], object]
    """The service of the kind, called with the actor and the job."""


@dataclass(frozen=True)
class Kind:
    """One kind of job.

    `run` does the work. It returns MORE if another message must continue it (so that other jobs of
    the queue get a turn), or anything else if the job is complete. `moved` updates the subject in
    the transaction that changes the job's state. `next_part` is called with the job locked, and
    returns None if there is nothing left to claim.
    """

    name: str
    task: str
    """Name of its Celery task."""
    queue: str
    time_limit: int
    """Time limit of one message, in seconds."""
    run: Callable[[Any], Any]
    words: Any
    """Name for pages, translated lazily."""
    unit: Any
    """Unit of `done` and `total`, translated lazily."""
    permission: Permission | None
    """Permission to see it in a study's history; None hides it."""
    moved: Callable[[Move], None] = _nothing
    next_part: Callable[[Any], Part | None] = whole
    most_attempts: int | None = 3
    """Attempts before the job fails; None if the kind has another limit."""
    cancels_at_once: bool = False
    """Whether cancelling ends a running job at once and makes its claims invalid."""
    cancelled_reason: Any = ""
    """Reason that a cancelled job shows."""
    cancel: Change | None = None
    """None if people cannot cancel its jobs."""
    resume: Change | None = None
    """None if people start the work again instead, or reverse it."""
    page: str = ""
    """URL name of the subject's page, with the study's slug and the subject's id as arguments."""


KINDS: Registry[Kind] = Registry("kind of job")


def register(kind: Kind) -> Kind:
    """Register a kind of job."""
    return KINDS.register(kind.name, kind)
