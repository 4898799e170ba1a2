"""States and kinds in words for pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.states import ModelKind, RunState

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MODEL_KINDS: dict[str, _StrPromise] = {
    ModelKind.EMBEDDED: gettext_lazy("comes with the platform"),
    ModelKind.ADAPTER: gettext_lazy("trained here"),
    ModelKind.IMPORTED: gettext_lazy("known from imported responses"),
}


def run_state(state: str, *, begun: bool = True) -> str:
    """Where a run stands."""
    if state == RunState.RUNNING and not begun:
        return _("making the first responses")
    return {
        RunState.QUEUED: _("waiting for a worker"),
        RunState.RUNNING: _("writing"),
        RunState.DONE: _("done"),
        RunState.CANCELLED: _("cancelled"),
        RunState.FAILED: _("failed"),
    }[RunState(state)]
