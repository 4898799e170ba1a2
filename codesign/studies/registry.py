"""What other apps add to home pages, to the header and to the publish check.

Registered in their `ready()`. The functions for home pages take the `studies.models.Member` with
study and cohort (typed loosely, since models import this module) and may return None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from codesign.shared.access import Permission
from codesign.shared.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise


@dataclass(frozen=True)
class Step:
    """A step on a home page: a sentence, or a template that says more, and one button."""

    says: str
    href: str
    label: str
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """A part of a page that another app provides: a template and its context."""

    template: str
    context: Mapping[str, Any]


class Place(StrEnum):
    """Where a card is placed on a home page."""

    SIDE = "side"
    WIDE = "wide"


@dataclass(frozen=True)
class StepSource:
    """Finds the next step for people in these roles. The lowest `order` comes first."""

    roles: frozenset[str]
    order: int
    find: Callable[[Any], Step | None]


@dataclass(frozen=True)
class CardSource:
    """Finds a card for the home page of people in these roles."""

    roles: frozenset[str]
    order: int
    find: Callable[[Any], Panel | None]
    place: Place = Place.SIDE


@dataclass(frozen=True)
class NavLink:
    """A link in the header of a study's pages, for people with the permission of its page.

    `url_name` takes the study's slug, as do the names in `also`: further pages of the same section
    whose address does not start with the link's.
    """

    label: StrOrPromise
    url_name: str
    permission: Permission
    order: int
    also: Sequence[str] = ()


@dataclass(frozen=True)
class Gap:
    """Something that keeps a study from opening: a sentence, and where to fix it."""

    says: str
    href: str


@dataclass(frozen=True)
class CheckResult:
    """The result of a publish check in words: what is done, what is missing, what is risky.

    Warnings do not keep a study from opening.
    """

    done: Sequence[str] = ()
    gaps: Sequence[Gap] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class PublishCheck:
    """One step of setting a study up. A study opens once no check returns gaps.

    `look` takes the Study. `url_name` takes its slug, and `label` is the text of the link. With
    `again`, the check also runs when a paused study reopens, for what may have been lost meanwhile.
    """

    title: StrOrPromise
    says: StrOrPromise
    order: int
    look: Callable[[Any], CheckResult]
    url_name: str
    label: StrOrPromise
    again: bool = False


PUBLISH_CHECKS: Registry[PublishCheck] = Registry("publish check")
STEPS: Registry[StepSource] = Registry("home step")
CARDS: Registry[CardSource] = Registry("home card")
NAV: Registry[NavLink] = Registry("header link")
