"""All actions that can be recorded, and what erasure does to their personal data (house rule 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from codesign.shared.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise


class OnErasure(StrEnum):
    """What happens to the personal detail of an action when its person is erased."""

    NOTHING_HELD = "nothing_held"  # the action never carries personal data
    SHRED = "shred"  # the person's key is deleted, the detail becomes unreadable


@dataclass(frozen=True)
class Action:
    """A verb of the audit trail."""

    name: str
    says: StrOrPromise
    on_erasure: OnErasure


ACTIONS: Registry[Action] = Registry("audit action")


def action(name: str, says: StrOrPromise, on_erasure: OnErasure = OnErasure.NOTHING_HELD) -> str:
    """Register an action when its module is imported. Return its name."""
    ACTIONS.register(name, Action(name, says, on_erasure))
    return name


SHREDDED = action("audit.shredded", gettext_lazy("erased a person's details"))
