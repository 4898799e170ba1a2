"""The charts of a training run: its loss, and its scores on validation records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from modelhub.rules.charts import Axis, Plot, axis_of, plot

PERCENT = Axis(0.0, 100.0, 25.0)
ACCURACY = "reward_accuracy"


@dataclass(frozen=True)
class Row:
    """The numbers of one step; `accuracy` is in percent. None: not measured at this step."""

    step: int
    loss: float | None
    validation: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Curves:
    """Plots with their legends, the training loss in numbers, and all points as rows."""

    loss: Plot
    names: list[tuple[str, str]]
    accuracy: Plot | None
    accuracy_names: list[tuple[str, str]]
    first: float
    last: float
    lowest: float
    rows: list[Row]

    @property
    def first_accuracy(self) -> float | None:
        """Return the first measured accuracy, in percent."""
        return self._accuracies()[0] if self.accuracy else None

    @property
    def last_accuracy(self) -> float | None:
        """Return the last measured accuracy, in percent."""
        return self._accuracies()[-1] if self.accuracy else None

    def _accuracies(self) -> list[float]:
        return [row.accuracy for row in self.rows if row.accuracy is not None]


def curves_of(
    losses: Sequence[Mapping[str, Any]], measurements: Sequence[Mapping[str, Any]]
) -> Curves | None:
    """Return the curves of a run, or None before its second step."""
    train = [(point["step"], point["loss"]) for point in losses]
    validation = [(point["step"], point["loss"]) for point in measurements if "loss" in point]
    accuracy = [
        (point["step"], 100 * point[ACCURACY]) for point in measurements if ACCURACY in point
    ]
    if len(train) < 2:
        return None
    steps = axis_of([step for step, _ in [*train, *validation]], whole=True)
    drawn = plot({"train": train, "validation": validation}, x=steps)
    if drawn is None:
        return None
    names = [("train", _("Training"))]
    names += [("validation", _("Validation"))] if validation else []
    values = [loss for _step, loss in train]
    return Curves(
        loss=drawn,
        names=names,
        accuracy=plot({"validation": accuracy}, x=steps, y=PERCENT),
        accuracy_names=[("validation", _("Validation"))],
        first=values[0],
        last=values[-1],
        lowest=min(values),
        rows=_rows(dict(train), dict(validation), dict(accuracy)),
    )


def _rows(
    train: Mapping[int, float], validation: Mapping[int, float], accuracy: Mapping[int, float]
) -> list[Row]:
    steps = sorted({*train, *validation, *accuracy})
    return [Row(step, train.get(step), validation.get(step), accuracy.get(step)) for step in steps]
