"""What a higher app tells the judging at release time: which model a source is.

The judging itself never asks. Only a dataset release does, whose readers never judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from codesign.shared.registry import Registry


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model version as a release names it; both empty where the writer is not known."""

    id: str = ""
    name: str = ""


Resolver = Callable[[Iterable[UUID]], dict[UUID, ModelName]]

MODEL_NAMES: Registry[Resolver] = Registry("resolver of model names")


def model_names(sources: Iterable[UUID]) -> dict[UUID, ModelName]:
    """source → model version, as far as any registered resolver knows it."""
    wanted = set(sources)
    found: dict[UUID, ModelName] = {}
    for _, resolve in MODEL_NAMES:
        found |= resolve(wanted - found.keys())
    return found
