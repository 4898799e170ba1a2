"""Longer texts for pages, in addition to the labels of states and methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.states import (
    GENERATES,
    Method,
    ModelKind,
    ModelState,
    RunState,
    UploadState,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LOSSES: dict[str, _StrPromise] = {
    Method.DPO: gettext_lazy("Lower is closer to what people preferred."),
    Method.SFT: gettext_lazy("Lower is closer to what people wrote."),
    Method.KTO: gettext_lazy("Lower is closer to how people rated responses."),
    Method.REWARD: gettext_lazy("Lower is closer to what people preferred."),
}
"""How to read the loss of each method."""

METHODS: dict[str, _StrPromise] = {
    Method.DPO: gettext_lazy("Preferences (DPO): learns to prefer what people preferred."),
    Method.SFT: gettext_lazy("Rewrites (SFT): learns to write like the rewrites of people."),
    Method.KTO: gettext_lazy(
        "Good and bad responses (KTO): learns from single responses that people rated good or bad."
    ),
    Method.REWARD: gettext_lazy(
        "Reward model: learns to score responses by people's preferences. It cannot write any."
    ),
}


def model_uses(*, kind: str, state: str, withdrawn: bool) -> str:
    """Return the uses of a model. `withdrawn`: it was trained on data that was withdrawn later."""
    if state != ModelState.READY:
        return "–"
    if withdrawn:
        return _("nothing, because data that it learnt from was withdrawn")
    if kind == ModelKind.SERVER:
        return _("writing responses")
    if kind in GENERATES:
        return _("writing responses, training")
    return (
        _("scoring responses") if kind == ModelKind.SCORER else _("nothing: only its name is known")
    )


def run_state(state: str, *, begun: bool = True) -> str:
    """Return the state of a run in words; `begun` is whether a response was written."""
    if state == RunState.RUNNING and not begun:
        return _("writing the first responses")
    return str(RunState(state).label)


def upload_state(state: str, *, all_read: bool = False) -> str:
    """Return the state of an import in words; `all_read` is whether every row was read."""
    if state == UploadState.IMPORTING and all_read:
        return _("finding prompts that are nearly the same")
    return str(UploadState(state).label)


SCORE_NAMES: dict[str, _StrPromise] = {
    "loss": gettext_lazy("Loss"),
    "reward_accuracy": gettext_lazy("Pairs whose chosen response scores higher"),
    "reward_margin": gettext_lazy("Mean difference between chosen and rejected response"),
    "token_accuracy": gettext_lazy("Tokens predicted correctly"),
}
"""Names of the scores that are measured on validation records."""
SHARES = ("reward_accuracy", "token_accuracy")
"""Scores between 0 and 1 that pages show as percentages."""

LEFT_OUT: dict[str, _StrPromise] = {
    "with the same text on both sides": gettext_lazy("with the same text on both sides"),
    "with an empty response": gettext_lazy("with an empty response"),
    "longer than the longest record allowed": gettext_lazy(
        "longer than the longest record allowed"
    ),
    "whose prompt is not a conversation": gettext_lazy("whose prompt is not a conversation"),
    "dropped by the trainer": gettext_lazy("dropped by the trainer"),
}
"""Why records of a release were not trained on."""


def left_out_words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return each reason in words with its number of records, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [(str(LEFT_OUT.get(reason, reason)), count) for reason, count in ordered]
