"""Named permissions. Each view declares one; the roles that hold it are listed beside its name.

A guard test walks the URLconf and fails on a view without a permission. `Scope` says where the
check happens: public and signed-in views need no study; study views are checked against the
member's roles before the view runs; object views pass their object to one service or query, which
checks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar


class Scope(StrEnum):
    """Where a permission is checked."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    SITE_ADMIN = "site_admin"
    STUDY = "study"
    OBJECT = "object"


@dataclass(frozen=True)
class Permission:
    """An action, and the study roles that may do it.

    `kept`: a panelist who was removed from the study may still do this, because it concerns their
    own work.
    """

    name: str
    scope: Scope
    roles: frozenset[str] = frozenset()
    kept: bool = False


PUBLIC = Permission("public", Scope.PUBLIC)
SIGNED_IN = Permission("signed_in", Scope.SIGNED_IN)
SITE_ADMIN = Permission("site_admin", Scope.SITE_ADMIN)

View = TypeVar("View", bound=Callable[..., Any])


def declare(permission: Permission) -> Callable[[View], View]:
    """Mark a view with its permission (`view.permission`), read by checks and by the guard."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark
