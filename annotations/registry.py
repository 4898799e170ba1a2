"""Registries that higher apps fill: names of models, uses of releases, responses being written.

Only dataset releases read the names and uses, because their readers never judge. Judging reads
nothing but `BEING_WRITTEN`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from codesign.shared.registry import Registry

BEING_WRITTEN: Registry[Callable[[Any], bool]] = Registry("way to know what is being written")
"""Each takes a `studies.models.Member` and returns whether responses for them are being written."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model version as a release names it. Both fields are empty if the model is unknown."""

    id: str = ""
    name: str = ""


Resolver = Callable[[Iterable[UUID]], dict[UUID, ModelName]]

MODEL_NAMES: Registry[Resolver] = Registry("resolver of model names")


def model_names(sources: Iterable[UUID]) -> dict[UUID, ModelName]:
    """Return source → model version, for every source that a registered resolver knows."""
    wanted = set(sources)
    names: dict[UUID, ModelName] = {}
    for _, resolve in MODEL_NAMES:
        names |= resolve(wanted - names.keys())
    return names


@dataclass(frozen=True, slots=True)
class Use:
    """Something that was made from a release: a description and the address of its page."""

    release_id: UUID
    says: str
    href: str


Finder = Callable[[Collection[UUID]], list[Use]]

RELEASE_USES: Registry[Finder] = Registry("finder of what was made from releases")


def uses_of(releases: Collection[UUID]) -> list[Use]:
    """Return the uses of these releases that the registered finders know."""
    return [use for _, find in RELEASE_USES for use in find(releases)] if releases else []
