"""Numbers of small charts, for SVGs that need no script: a curve, and a share with its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """A polyline in a box of `width` × `height`, and the values at its ends."""

    points: str
    first: float
    last: float
    lowest: float
    highest: float


def curve(values: Sequence[float], width: int = 600, height: int = 160) -> Curve | None:
    """The curve of `values` from left to right, highest on top; None with fewer than two."""
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
    """A share of one on an axis from 0 to 100, in percent as SVG writes it."""

    at: str
    start: str
    width: str


def share(rate: float, low: float, high: float) -> Share:
    """Where a share and its interval stand; written with a point, whatever the page's language."""
    return Share(f"{100 * rate:.1f}", f"{100 * low:.1f}", f"{100 * (high - low):.1f}")
