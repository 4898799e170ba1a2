"""The actor of a change: a signed-in person, or the system."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Protocol


class UserLike(Protocol):
    """What an account must offer to act; `accounts.User` does."""

    id: uuid.UUID
    is_site_admin: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """Passed to every service and query, so that each change can be attributed.

    `user_id` is None for the system (timers, and commands without `--as`).
    """

    user_id: uuid.UUID | None
    is_site_admin: bool = False

    @classmethod
    def of(cls, user: UserLike) -> Actor:
        """Return the actor for a signed-in account."""
        return cls(user_id=user.id, is_site_admin=user.is_site_admin)

    @property
    def is_system(self) -> bool:
        """True if no person acts."""
        return self.user_id is None


SYSTEM = Actor(user_id=None)
