"""What other apps add to a role's home, to the header and to the publish check.

Filled in their `ready()`. The functions of homes take the `studies.models.Member` who looks, with
study and cohort (typed loosely, since this module stands below the models), and return None where
there is nothing to say.
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
    """One thing to do: a sentence, or a part of a page that says more, and its one button."""

    says: str
    href: str
    label: str
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """A part of a page that another app fills: a template and what goes into it."""

    template: str
    context: Mapping[str, Any]


class Place(StrEnum):
    """Where a card stands on a home."""

    SIDE = "side"
    WIDE = "wide"


@dataclass(frozen=True)
class StepSource:
    """Finds the next step of people in these roles; the lowest `order` comes first."""

    roles: frozenset[str]
    order: int
    find: Callable[[Any], Step | None]


@dataclass(frozen=True)
class CardSource:
    """Finds a card for the home of people in these roles."""

    roles: frozenset[str]
    order: int
    find: Callable[[Any], Panel | None]
    place: Place = Place.SIDE


@dataclass(frozen=True)
class NavLink:
    """A link in the header of a study's pages, for whoever holds the permission of its page.

    `url_name` takes the study's slug, as do those in `also`: further pages of the same part, whose
    address does not begin with the link's.
    """

    label: StrOrPromise
    url_name: str
    permission: Permission
    order: int
    also: Sequence[str] = ()


@dataclass(frozen=True)
class Gap:
    """Something without which a study cannot open: a sentence, and where one mends it."""

    says: str
    href: str


@dataclass(frozen=True)
class Found:
    """What a publish check found, in words: what is there, what is missing, what is risky.

    A warning does not keep a study from opening.
    """

    there: Sequence[str] = ()
    gaps: Sequence[Gap] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class PublishCheck:
    """One step of setting a study up; a study opens once no check finds a gap.

    `look` takes the Study. `url_name` takes its slug, and `label` is the way there. With `again` it
    is looked at whenever a paused study opens again: for what may be lost meanwhile.
    """

    title: StrOrPromise
    says: StrOrPromise
    order: int
    look: Callable[[Any], Found]
    url_name: str
    label: StrOrPromise
    again: bool = False


PUBLISH_CHECKS: Registry[PublishCheck] = Registry("publish check")
STEPS: Registry[StepSource] = Registry("home step")
CARDS: Registry[CardSource] = Registry("home card")
NAV: Registry[NavLink] = Registry("header link")
