"""Who does something: a signed-in person, or the system itself."""

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
    """Passed to every service and query, so that each change can be laid at a door.

    `user_id` is None for the system (timers, commands without `--as`).
    """

    user_id: uuid.UUID | None
    is_site_admin: bool = False

    @classmethod
    def of(cls, user: UserLike) -> Actor:
        """The actor that a signed-in account is."""
        return cls(user_id=user.id, is_site_admin=user.is_site_admin)

    @property
    def is_system(self) -> bool:
        """True where no person acts."""
        return self.user_id is None


SYSTEM = Actor(user_id=None)
