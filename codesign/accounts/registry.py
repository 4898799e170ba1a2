"""What a person may do with a token, told by the apps whose operations need it (decision 0004)."""

from __future__ import annotations

from collections.abc import Callable, Set

from codesign.shared.actors import Actor
from codesign.shared.registry import Registry

SCOPE_ROLES: Registry[frozenset[str]] = Registry("token scope")
"""By scope: the roles that can use any of its operations. A scope that is not here is anybody's."""
ROLES_HELD: Registry[Callable[[Actor], Set[str]]] = Registry("roles held")
"""Ways to ask which roles an actor holds, in whatever study."""
