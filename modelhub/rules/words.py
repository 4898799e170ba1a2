"""Second wordings, beside the labels of states and methods: what a choice means, for pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.states import Method, RunState, UploadState

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LOSSES: dict[str, _StrPromise] = {
    Method.DPO: gettext_lazy("Lower is closer to what people preferred."),
    Method.SFT: gettext_lazy("Lower is closer to what people wrote."),
    Method.KTO: gettext_lazy("Lower is closer to what people found good or bad."),
    Method.REWARD: gettext_lazy("Lower is closer to what people preferred."),
}
"""What the loss of a method tells."""

METHODS: dict[str, _StrPromise] = {
    Method.DPO: gettext_lazy("Preferences (DPO): learns to prefer what people preferred."),
    Method.SFT: gettext_lazy("Rewrites (SFT): learns to reply as people rewrote replies."),
    Method.KTO: gettext_lazy(
        "Good and bad replies (KTO): learns from single replies that people found good or bad."
    ),
    Method.REWARD: gettext_lazy(
        "Reward model: learns to score replies as people preferred them. It writes none."
    ),
}


def run_state(state: str, *, begun: bool = True) -> str:
    """Where a run stands."""
    if state == RunState.RUNNING and not begun:
        return _("making the first responses")
    return str(RunState(state).label)


def upload_state(state: str, *, all_read: bool = False) -> str:
    """Where a file of prompts stands."""
    if state == UploadState.IMPORTING and all_read:
        return _("looking which prompts say almost the same")
    return str(UploadState(state).label)


SCORE_NAMES: dict[str, _StrPromise] = {
    "loss": gettext_lazy("Loss"),
    "reward_accuracy": gettext_lazy("Pairs whose chosen reply scores higher"),
    "reward_margin": gettext_lazy("Mean difference between chosen and rejected reply"),
    "token_accuracy": gettext_lazy("Tokens predicted"),
}
"""What is measured on validation records."""
SHARES = ("reward_accuracy", "token_accuracy")
"""Those of them that are shares of one."""
