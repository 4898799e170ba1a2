"""Coordinates of small SVG charts that need no script: a curve, and a share with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """The points of a polyline, and its first, last, lowest and highest value."""

    points: str
    first: float
    last: float
    lowest: float
    highest: float


def curve(values: Sequence[float], width: int = 600, height: int = 160) -> Curve | None:
    """Return the curve of `values` in a box of `width` × `height`; None for fewer than two."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / (len(values) - 1)
    points = " ".join(
        f"{index * step:.1f},{height - (value - low) / span * height:.1f}"
        for index, value in enumerate(values)
    )
    return Curve(points, values[0], values[-1], low, high)


@dataclass(frozen=True)
class Share:
    """A share and its interval on an axis from 0 to 100, formatted for SVG attributes."""

    at: str
    start: str
    width: str


def share(rate: float, low: float, high: float) -> Share:
    """Return the positions of a share and its interval, with decimal points in every language."""
    return Share(f"{100 * rate:.1f}", f"{100 * low:.1f}", f"{100 * (high - low):.1f}")
