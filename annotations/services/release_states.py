"""How a dataset release moves from state to state, and what the audit trail says of it."""

from __future__ import annotations

from annotations.models import DatasetRelease
from annotations.rules.states import RELEASE_STATES, ReleaseState
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import Actor
from codesign.shared.transition import Move, machine

REQUESTED = action("annotations.release_requested", "asked for a dataset release")
FROZEN = action("annotations.release_frozen", "froze a dataset release")
FAILED = action("annotations.release_failed", "could not build a dataset release")
CANCELLED = action("annotations.release_cancelled", "cancelled the making of a dataset release")
SUPERSEDED = action("annotations.release_superseded", "marked a dataset release superseded")

ACTIONS = {
    ReleaseState.FROZEN: FROZEN,
    ReleaseState.FAILED: FAILED,
    ReleaseState.SUPERSEDED: SUPERSEDED,
}
"""That a release is queued or being built, the log of its job says."""


def record(*, action: str, release: DatasetRelease, actor: Actor, **data: object) -> None:
    """Write in the audit trail what was done with a release."""
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
