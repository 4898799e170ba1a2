"""Coordinates of small SVG charts that need no script: lines with axes, and a share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Distances between ticks that people read easily, times a power of ten."""
MOST_INTERVALS = 4
"""Ticks of an axis, so that its labels fit beside each other on a telephone."""


@dataclass(frozen=True)
class Tick:
    """A label of an axis, and its place from 0 to 100, formatted for SVG attributes."""

    value: float
    at: str


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high` with evenly spaced ticks, also at both ends."""

    low: float
    high: float
    step: float

    @property
    def decimals(self) -> int:
        """Return the number of decimals with which the ticks differ."""
        return next((n for n in range(8) if math.isclose(self.step, round(self.step, n))), 8)

    def place(self, value: float) -> float:
        """Return where a value is, from 0 (low) to 100 (high)."""
        return 100 * (value - self.low) / (self.high - self.low)

    def values(self) -> list[float]:
        """Return the values of the ticks, ascending."""
        count = round((self.high - self.low) / self.step)
        return [self.low + number * self.step for number in range(count + 1)]


def axis_of(values: Sequence[float], *, whole: bool = False) -> Axis:
    """Return an axis that covers the values. With `whole`, its ticks are whole numbers."""
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / MOST_INTERVALS))
    step = next(one * power for one in STEPS if span <= MOST_INTERVALS * one * power * (1 + 1e-9))
    if whole:
        step = float(max(1, math.ceil(step)))
    first = math.floor(low / step + 1e-9) * step
    last = math.ceil(high / step - 1e-9) * step
    return Axis(first, last if last > first else first + step, step)


@dataclass(frozen=True)
class Plot:
    """Lines in a box of 100 × 100: name → points of a polyline; and the ticks of both axes.

    Ticks of `x` go from left to right, those of `y` from top to bottom. `dots` are the points of
    each line one by one.
    """

    lines: dict[str, str]
    dots: dict[str, list[tuple[str, str]]]
    x: list[Tick]
    y: list[Tick]
    decimals: int


def plot(
    lines: Mapping[str, Sequence[Point]], *, x: Axis | None = None, y: Axis | None = None
) -> Plot | None:
    """Return the plot of lines over whole numbers; None without two points in any line.

    Axes that are not given cover the values.
    """
    drawn = {name: points for name, points in lines.items() if points}
    if not any(len(points) > 1 for points in drawn.values()):
        return None
    across = x or axis_of([at for points in drawn.values() for at, _ in points], whole=True)
    up = y or axis_of([value for points in drawn.values() for _, value in points])
    dots = {
        name: [(f"{across.place(at):.2f}", f"{100 - up.place(value):.2f}") for at, value in points]
        for name, points in drawn.items()
    }
    return Plot(
        lines={name: " ".join(f"{x},{y}" for x, y in points) for name, points in dots.items()},
        dots=dots,
        x=[Tick(value, f"{across.place(value):.2f}") for value in across.values()],
        y=[Tick(value, f"{100 - up.place(value):.2f}") for value in reversed(up.values())],
        decimals=up.decimals,
    )


@dataclass(frozen=True)
class Share:
    """A share and its interval on an axis from 0 to 100, formatted for SVG attributes."""

    at: str
    start: str
    width: str


def share(rate: float, low: float, high: float) -> Share:
    """Return the positions of a share and its interval, with decimal points in every language."""
    return Share(f"{100 * rate:.1f}", f"{100 * low:.1f}", f"{100 * (high - low):.1f}")
