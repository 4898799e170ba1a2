"""The parameters of a training run: their ranges, and what is said when one is wrong.

Pure and cheap to import, so that a form can show the same ranges and sentences before a run is
queued as the subprocess enforces when it starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from modelhub.engine.errors import BadSpec

ALL_METHODS = frozenset({"sft", "dpo", "kto", "reward"})
MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class Parameter:
    """One parameter's name for people, its bounds (both allowed) and the methods that use it."""

    title: str
    whole: bool
    low: float
    high: float
    help: str
    methods: frozenset[str] = ALL_METHODS


PARAMETERS: dict[str, Parameter] = {
    "learning_rate": Parameter(
        "Learning rate", False, 1e-7, 1e-2, "How far each step moves the weights."
    ),
    "epochs": Parameter("Epochs", False, 0.01, 20, "How often the whole release is read."),
    "max_steps": Parameter("Steps", True, 1, 100_000, "Steps in all; instead of epochs."),
    "batch_size": Parameter("Batch size", True, 1, 64, "Records per step."),
    "gradient_accumulation": Parameter(
        "Gradient accumulation", True, 1, 64, "Batches that are added up before a step."
    ),
    "lora_r": Parameter("LoRA rank", True, 1, 128, "Size of the adapter."),
    "max_length": Parameter(
        "Longest record", True, 32, 8192, "Tokens; longer records are left out and counted."
    ),
    "beta": Parameter(
        "Beta",
        False,
        0.001,
        2,
        "How strongly the model is held to its base.",
        frozenset({"dpo", "kto"}),
    ),
}


@dataclass(frozen=True)
class TrainingParams:
    """Checked parameters. Exactly one of `epochs` and `max_steps` is set.

    `lora_r` None means 8, or the parent adapter's own rank when training goes on from one.
    """

    learning_rate: float = 5e-5
    epochs: float | None = None
    max_steps: int | None = None
    batch_size: int = 2
    gradient_accumulation: int = 1
    lora_r: int | None = None
    max_length: int = 1024
    beta: float | None = None

    def used(self) -> dict[str, float]:
        """The parameters that are set, for records and cards."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def problems(method: str, raw: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing wrong with `raw`; empty when it can be used."""
    found = [
        problem
        for name in sorted(raw)
        if (problem := _problem(method, name, raw[name])) is not None
    ]
    if raw.get("epochs") is not None and raw.get("max_steps") is not None:
        found.append("Give epochs or steps, not both.")
    if method == "kto" and raw.get("batch_size") == 1:
        found.append("KTO compares records within a batch: its batch size must be 2 or more.")
    return found


def parse(method: str, raw: Mapping[str, Any]) -> TrainingParams:
    """The checked parameters with their defaults filled in. BadSpec names every problem."""
    found = problems(method, raw)
    if found:
        raise BadSpec(found)
    values = {name: value for name, value in raw.items() if value is not None}
    if "max_steps" not in values:
        values.setdefault("epochs", 1.0)
    if method in PARAMETERS["beta"].methods:
        values.setdefault("beta", 0.1)
    return TrainingParams(**values)


def _problem(method: str, name: str, value: Any) -> str | None:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        return f"There is no parameter called {name}; there are {', '.join(PARAMETERS)}."
    if value is None:
        return None
    if method not in parameter.methods:
        return f"{parameter.title} has no meaning for {method}."
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{parameter.title} must be a number."
    if parameter.whole and not isinstance(value, int):
        return f"{parameter.title} must be a whole number."
    if not parameter.low <= value <= parameter.high:  # refuses not-a-number too
        low, high = _plain(parameter.low), _plain(parameter.high)
        return f"{parameter.title} must be between {low} and {high}; it is {value}."
    return None


def _plain(number: float) -> str:
    """Without an exponent and without needless zeros."""
    return f"{number:.7f}".rstrip("0").rstrip(".")
