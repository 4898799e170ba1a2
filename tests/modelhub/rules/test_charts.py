"""Lines with axes: which ticks an axis has, and where points are."""

from __future__ import annotations

import pytest

from modelhub.rules.charts import Axis, axis_of, plot
from modelhub.rules.training_curves import Row, curves_of


@pytest.mark.parametrize(
    ("values", "whole", "ticks", "decimals"),
    [
        ([0.61, 0.693], False, [0.6, 0.625, 0.65, 0.675, 0.7], 3),
        ([0.0, 1.0], False, [0.0, 0.25, 0.5, 0.75, 1.0], 2),
        ([0.02, 2.9], False, [0.0, 1.0, 2.0, 3.0], 0),
        ([1.0, 10.0], True, [0.0, 3.0, 6.0, 9.0, 12.0], 0),
        ([1.0, 2.0], True, [1.0, 2.0], 0),
        ([0.0, 100_000.0], True, [0.0, 25_000.0, 50_000.0, 75_000.0, 100_000.0], 0),
        ([0.5, 0.5], False, [0.4, 0.6], 1),
        ([0.0, 0.0], False, [0.0, 0.25], 2),
        ([1e-5, 3e-5], False, [1e-5, 1.5e-5, 2e-5, 2.5e-5, 3e-5], 6),
    ],
)
def test_axes_have_few_even_ticks_that_cover_the_values(
    values: list[float], whole: bool, ticks: list[float], decimals: int
) -> None:
    axis = axis_of(values, whole=whole)
    assert axis.values() == pytest.approx(ticks)
    assert axis.decimals == decimals
    assert axis.low <= min(values) * (1 + 1e-9)
    assert axis.high >= max(values) * (1 - 1e-9)


def test_points_are_placed_from_the_left_and_from_the_bottom() -> None:
    drawn = plot({"train": [(0, 0.0), (4, 1.0)], "validation": [(2, 0.5)], "none": []})
    assert drawn is not None
    assert drawn.lines == {"train": "0.00,100.00 100.00,0.00", "validation": "50.00,50.00"}
    assert drawn.dots["validation"] == [("50.00", "50.00")]
    assert [tick.value for tick in drawn.y] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [tick.at for tick in drawn.x] == ["0.00", "25.00", "50.00", "75.00", "100.00"]
    shares = plot({"validation": [(0, 50.0), (4, 75.0)]}, y=Axis(0.0, 100.0, 25.0))
    assert shares is not None
    assert shares.lines == {"validation": "0.00,50.00 100.00,25.00"}
    assert plot({"train": [(1, 0.5)]}) is None
    assert plot({}) is None


def test_curves_join_training_and_validation_by_step() -> None:
    losses = [{"step": 1, "loss": 0.7}, {"step": 2, "loss": 0.5}, {"step": 3, "loss": 0.6}]
    measured = [
        {"step": 0, "loss": 0.69},
        {"step": 2, "loss": 0.66, "reward_accuracy": 0.5},
        {"step": 3, "loss": 0.64, "reward_accuracy": 0.75},
    ]
    curves = curves_of(losses, measured)
    assert curves is not None
    assert (curves.first, curves.last, curves.lowest) == (0.7, 0.6, 0.5)
    assert (curves.first_accuracy, curves.last_accuracy) == (50.0, 75.0)
    assert curves.rows == [
        Row(0, None, 0.69, None),
        Row(1, 0.7, None, None),
        Row(2, 0.5, 0.66, 50.0),
        Row(3, 0.6, 0.64, 75.0),
    ]
    assert [name for name, _ in curves.names] == ["train", "validation"]
    alone = curves_of(losses, [])
    assert alone is not None
    assert (alone.accuracy, [name for name, _ in alone.names]) == (None, ["train"])
    assert curves_of(losses[:1], measured) is None
    assert curves_of([], []) is None
