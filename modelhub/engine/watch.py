"""A trainer callback that reports progress and handles cancellation."""

import math
import threading
import time
from typing import Any

from modelhub.engine.errors import Cancelled, EngineError
from modelhub.engine.progress import Progress

STOPPED = "The training was cancelled before it was finished."
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
    """Return a trainer callback that reports each step, and stops the trainer if `cancel` is set.

    Its `steps` are the reported steps, for the metrics of the result. `kept` are the steps before
    a resumed run was killed.
    """
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        """Defined in a function because its base class is slow to import."""

        def __init__(self) -> None:
            self.steps = list(kept)
            self._began = 0.0
            self._from = 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Start the clock for the rate and the remaining time."""
            self._began, self._from = time.monotonic(), state.global_step

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Ask the trainer to stop when cancelled."""
            control.should_training_stop |= cancel.is_set()

        def on_prediction_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Stop measuring when cancelled."""
            if cancel.is_set():
                raise Cancelled(STOPPED)

        def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            """Report a step. The final summary has no loss and is skipped."""
            logs = given["logs"]
            if "loss" in logs:
                seconds = time.monotonic() - self._began
                event = step_event(state, logs, seconds, since=self._from)
                self.steps.append(event)
                progress.append("step", **event)

    return Watcher()


def scores_of(measured: dict[str, Any]) -> dict[str, float]:
    """Return the scores on all validation records, including `loss`, with our names."""
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
    """Return the report of one step, `seconds` after step `since`.

    `rate` is in steps per second, `eta_s` is the remaining seconds at that rate. Raises
    EngineError if the loss is infinite or NaN, because further training is useless.
    """
    loss = float(logs["loss"])
    if not math.isfinite(loss):
        raise EngineError(
            f"The loss became infinite or NaN at step {state.global_step}. "
            "Try a smaller learning rate."
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
