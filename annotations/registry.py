"""What a higher app tells about releases: which model a source is, what was trained on them.

The judging itself never asks these. Only a dataset release does, whose readers never judge. What
the judging asks is whether anything is being written for somebody, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from codesign.shared.registry import Registry

BEING_WRITTEN: Registry[Callable[[Any], bool]] = Registry("way to know what is being written")
"""Each takes a `studies.models.Member`: whether replies are being written now for them to judge."""


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


@dataclass(frozen=True, slots=True)
class Use:
    """Something that was made from a release: what it is called, in words, and its page."""

    release_id: UUID
    says: str
    href: str


Finder = Callable[[Collection[UUID]], list[Use]]

RELEASE_USES: Registry[Finder] = Registry("finder of what was made from releases")


def uses_of(releases: Collection[UUID]) -> list[Use]:
    """Everything that was made from these releases, as far as any finder knows."""
    return [use for _, find in RELEASE_USES for use in find(releases)] if releases else []
