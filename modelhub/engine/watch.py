"""A trainer callback that reports progress and handles cancellation."""

import math
import threading
import time
from typing import Any

from modelhub.engine import ranks
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


MEASUREMENTS = 4
"""How often validation records are measured while a model trains, not counting the start."""


def make_watcher(
    progress: Progress,
    cancel: threading.Event,
    kept: list[dict[str, Any]],
    *,
    method: str,
    measures: bool,
) -> Any:
    """Return a trainer callback that reports each step, and stops the trainer if `cancel` is set.

    With `measures`, it lets the trainer measure validation records now and then. Its `steps` are
    the reported steps, for the metrics of the result, and `scores` those of each measured step.
    `kept` are the events before a resumed run was killed.
    """
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):
        """Defined in a function because its base class is slow to import."""

        def __init__(self) -> None:
            self.steps = [event for event in kept if event["event"] == "step"]
            self.scores = {e["step"]: e["scores"] for e in kept if e["event"] == "measurement"}
            self.method = method
            self._began = 0.0
            self._from = 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Start the clock for the rate and the remaining time."""
            self._began, self._from = time.monotonic(), state.global_step

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Ask the trainer to stop when cancelled, and to measure now and then."""
            control.should_training_stop |= ranks.any_of(cancel.is_set())
            control.should_evaluate = measures and is_measured(state.global_step, state.max_steps)

        def on_prediction_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Stop measuring when cancelled."""
            if ranks.any_of(cancel.is_set()):
                raise Cancelled(STOPPED)

        def on_evaluate(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            """Report the scores of a step. The final scores, of more records, are no step's."""
            step = state.global_step
            if step not in self.scores:
                self.scores[step] = scores_of(given["metrics"], method=method, step=step)
                progress.append("measurement", step=step, scores=self.scores[step])

        def on_log(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            """Report a step. The final summary has no loss and is skipped."""
            logs = given["logs"]
            if "loss" in logs:
                seconds = time.monotonic() - self._began
                event = step_event(state, logs, seconds, since=self._from)
                self.steps.append(event)
                progress.append("step", **event)

    return Watcher()


def is_measured(step: int, total: int) -> bool:
    """Return whether validation records are measured after this step: 4 times, also at the end."""
    return step in {math.ceil(total * part / MEASUREMENTS) for part in range(1, MEASUREMENTS + 1)}


def scores_of(measured: dict[str, Any], *, method: str, step: int) -> dict[str, float]:
    """Return the scores of validation records, including `loss`, with our names.

    KTO compares records within a batch, so that only its loss is a mean over records. Before the
    first step, DPO compares the model with itself, so that only its loss means anything.
    """
    names = {**KEPT, "loss": "loss"}
    if method == "kto" or (method == "dpo" and step == 0):
        names = {"loss": "loss"}
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
