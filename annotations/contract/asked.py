"""What an assignment asks. A submission is checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A scale of whole numbers, both ends included."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class Asked:
    """Response id → text as shown, criterion → scale, and the kinds of answers asked for."""

    texts: Mapping[str, str]
    scales: Mapping[str, Scale]
    asks: frozenset[str]
