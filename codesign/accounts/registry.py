"""Which token scopes a person can use, registered by the apps that need them (decision 0004)."""

from __future__ import annotations

from collections.abc import Callable, Set

from codesign.shared.actors import Actor
from codesign.shared.registry import Registry

SCOPE_ROLES: Registry[frozenset[str]] = Registry("token scope")
"""Scope → roles that can use any of its operations. Anybody can use a scope that is not listed."""
ROLES_HELD: Registry[Callable[[Actor], Set[str]]] = Registry("roles held")
"""Functions that return the roles that an actor holds in any study."""
