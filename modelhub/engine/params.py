"""The parameters of a training run: their ranges and error messages.

This module is cheap to import, so that forms and the training process use the same rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from modelhub.engine.errors import BadSpec

ALL_METHODS = frozenset({"sft", "dpo", "kto", "reward"})
MAX_SEED = 2**32 - 1


def gettext_noop(text: str) -> str:
    """Mark a text for translation by pages; this module runs without Django."""
    return text


@dataclass(frozen=True)
class Parameter:
    """A parameter's title, its inclusive bounds, and the methods that use it."""

    title: str
    whole: bool
    low: float
    high: float
    help: str
    methods: frozenset[str] = ALL_METHODS


PARAMETERS: dict[str, Parameter] = {
    "learning_rate": Parameter(
        gettext_noop("Learning rate"),
        False,
        1e-7,
        1e-2,
        gettext_noop("How much each step changes the weights."),
    ),
    "epochs": Parameter(
        gettext_noop("Epochs"), False, 0.01, 20, gettext_noop("Passes over the whole release.")
    ),
    "max_steps": Parameter(
        gettext_noop("Steps"), True, 1, 100_000, gettext_noop("Total steps, instead of epochs.")
    ),
    "batch_size": Parameter(
        gettext_noop("Batch size"), True, 1, 64, gettext_noop("Records per step.")
    ),
    "gradient_accumulation": Parameter(
        gettext_noop("Gradient accumulation"),
        True,
        1,
        64,
        gettext_noop("Batches that are accumulated before a step."),
    ),
    "lora_r": Parameter(
        gettext_noop("LoRA rank"), True, 1, 128, gettext_noop("Size of the adapter.")
    ),
    "max_length": Parameter(
        gettext_noop("Longest record"),
        True,
        32,
        8192,
        gettext_noop("In tokens. Longer records are left out."),
    ),
    "beta": Parameter(
        gettext_noop("Beta"),
        False,
        0.001,
        2,
        gettext_noop("How close the model must stay to its base."),
        frozenset({"dpo", "kto"}),
    ),
}


@dataclass(frozen=True)
class TrainingParams:
    """Checked parameters. Exactly one of `epochs` and `max_steps` is set.

    `lora_r` None means 8, or the rank of the parent adapter if there is one.
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
        """Return the parameters that are set."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def problems(method: str, raw: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each error in `raw`; empty if it is valid."""
    errors = [
        problem
        for name in sorted(raw)
        if (problem := _problem(method, name, raw[name])) is not None
    ]
    if raw.get("epochs") is not None and raw.get("max_steps") is not None:
        errors.append("Give epochs or steps, not both.")
    if method == "kto" and raw.get("batch_size") == 1:
        errors.append("KTO compares records within a batch, so its batch size must be at least 2.")
    return errors


def parse(method: str, raw: Mapping[str, Any]) -> TrainingParams:
    """Return the checked parameters with defaults; raises BadSpec with all errors."""
    errors = problems(method, raw)
    if errors:
        raise BadSpec(errors)
    values = {name: value for name, value in raw.items() if value is not None}
    if "max_steps" not in values:
        values.setdefault("epochs", 1.0)
    if method in PARAMETERS["beta"].methods:
        values.setdefault("beta", 0.1)
    return TrainingParams(**values)


def _problem(method: str, name: str, value: Any) -> str | None:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        return f"Unknown parameter {name}. Known parameters: {', '.join(PARAMETERS)}."
    if value is None:
        return None
    if method not in parameter.methods:
        return f"{parameter.title} cannot be used with {method}."
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{parameter.title} must be a number."
    if parameter.whole and not isinstance(value, int):
        return f"{parameter.title} must be a whole number."
    if not parameter.low <= value <= parameter.high:  # also refuses NaN
        low, high = _plain(parameter.low), _plain(parameter.high)
        return f"{parameter.title} must be between {low} and {high}; it is {value}."
    return None


def _plain(number: float) -> str:
    """Format a number without an exponent or trailing zeros."""
    return f"{number:.7f}".rstrip("0").rstrip(".")
