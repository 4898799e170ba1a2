"""What an assignment asks: the context in which a submission is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Whole numbers, both ends included."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class Asked:
    """Texts by response id as shown, scales by criterion, and the kinds of answers asked for."""

    texts: Mapping[str, str]
    scales: Mapping[str, Scale]
    asks: frozenset[str]
