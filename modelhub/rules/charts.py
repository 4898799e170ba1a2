"""Points of a small line chart, for an SVG that needs no script."""

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
