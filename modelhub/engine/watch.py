"""Following a trainer step by step: progress out, cancellation in."""

import math
import threading
import time
from typing import Any

from modelhub.engine.errors import Cancelled, EngineError
from modelhub.engine.progress import Progress

STOPPED = "The training was stopped before it was finished."
KEPT = {
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "mean_token_accuracy": "token_accuracy",
    "rewards/accuracies": "reward_accuracy",
    "rewards/margins": "reward_margin",
    "accuracy": "reward_accuracy",
    "margin": "reward_margin",
}


def make_watcher(progress: Progress, cancel: threading.Event, kept: list[dict[str, Any]]) -> Any:
    """A trainer callback that reports each step and stops before the next when `cancel` is set.

    Its `steps` holds what was reported, for the result's metrics; `kept` are the steps that were
    done before a resumed run was killed.
    """
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        """Made in a function since its base class is heavy to import."""

        def __init__(self) -> None:
            self.steps = list(kept)
            self._began = 0.0
            self._from = 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Start the clock that the rate and the time left are reckoned from."""
            self._began, self._from = time.monotonic(), state.global_step

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Ask the trainer to stop when cancelled."""
            control.should_training_stop |= cancel.is_set()

        def on_prediction_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Stop measuring when cancelled."""
            if cancel.is_set():
                raise Cancelled(STOPPED)

        def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            """Report a step; the closing summary has no loss and is passed over."""
            logs = given["logs"]
            if "loss" in logs:
                seconds = time.monotonic() - self._began
                event = step_event(state, logs, seconds, since=self._from)
                self.steps.append(event)
                progress.append("step", **event)

    return Watcher()


def scores_of(measured: dict[str, Any]) -> dict[str, float]:
    """What was measured on all validation records, under our names; `loss` among it."""
    names = {**KEPT, "loss": "loss"}
    values = {
        ours: float(measured[f"eval_{theirs}"])
        for theirs, ours in names.items()
        if f"eval_{theirs}" in measured
    }
    return {name: value for name, value in sorted(values.items()) if math.isfinite(value)}


def step_event(
    state: Any, logs: dict[str, Any], seconds: float, *, since: int = 0
) -> dict[str, Any]:
    """One step's report, `seconds` after step `since`.

    `rate` is steps per second, `eta_s` seconds left at that rate.

    EngineError when the loss is no number any more: from there on training only does harm.
    """
    loss = float(logs["loss"])
    if not math.isfinite(loss):
        raise EngineError(
            f"The loss stopped being a number at step {state.global_step}; "
            "a smaller learning rate may help."
        )
    rate = (state.global_step - since) / max(seconds, 1e-9)
    values = {ours: float(logs[theirs]) for theirs, ours in KEPT.items() if theirs in logs}
    return {
        "step": state.global_step,
        "total": state.max_steps,
        "loss": loss,
        "rate": round(rate, 4),
        "eta_s": round((state.max_steps - state.global_step) / rate, 1),
        **{name: value for name, value in values.items() if math.isfinite(value)},
    }
