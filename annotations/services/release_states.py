"""Transitions of dataset releases, and their events in the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from annotations.models import DatasetRelease
from annotations.rules.states import RELEASE_STATES, ReleaseState
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.transition import Move, machine

REQUESTED = action("annotations.release_requested", gettext_lazy("requested a dataset release"))
FROZEN = action("annotations.release_frozen", gettext_lazy("froze a dataset release"))
FAILED = action("annotations.release_failed", gettext_lazy("could not build a dataset release"))
CANCELLED = action("annotations.release_cancelled", gettext_lazy("cancelled a dataset release"))
SUPERSEDED = action(
    "annotations.release_superseded", gettext_lazy("marked a dataset release as superseded")
)

ACTIONS = {
    ReleaseState.FROZEN: FROZEN,
    ReleaseState.FAILED: FAILED,
    ReleaseState.SUPERSEDED: SUPERSEDED,
}
"""Other states are in the log of the job."""


def record(*, action: str, release: DatasetRelease, actor: Actor, **data: object) -> None:
    """Record an action on a release in the audit trail."""
    audit.record(
        actor=actor,
        action=action,
        study_id=release.study_id,
        about=("dataset_release", release.id, f"Release {release.number}"),
        data={"purpose": release.purpose, **data},
    )


def _log(move: Move) -> None:
    data = dict(move.data)
    action = CANCELLED if data.pop("cancelled", False) else ACTIONS.get(ReleaseState(move.new))
    if action:
        record(action=action, release=move.row, actor=move.actor, **data)


machine(DatasetRelease, RELEASE_STATES, log=_log)
