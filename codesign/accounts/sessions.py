"""Django's sessions and sign-in, read by statements that are written once: every request asks.

And the cache in which sign-in counts tries.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db.models import QuerySet
from django.utils import timezone

from codesign.accounts.models import User
from codesign.shared.advisory_locks import Lock, lock_session, unlock_session
from codesign.shared.compiled_queries import CompiledQuery


@CompiledQuery
def _sessions(session_key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=session_key, expire_date__gt=now)


@CompiledQuery
def _users(user_id: uuid.UUID) -> QuerySet[User]:
    return User.objects.filter(id=user_id)


class SessionStore(db.SessionStore):
    """Sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        found = _sessions.first(session_key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found


class SignIn(AuthenticationBackend):
    """Sign-in by address and password, and who a session belongs to."""

    def get_user(self, user_id: uuid.UUID) -> User | None:
        """The account, unless it was closed."""
        user = _users.first(user_id=user_id)
        return user if user and self.user_can_authenticate(user) else None


LOCK = ":lock"
"""How django-allauth ends the keys under which it locks a count."""


class SignInCache(DatabaseCache):
    """Django's cache in the database, which waits for a lock instead of refusing people.

    django-allauth counts tries under a lock that it asks for by `add`. After a second without it,
    it answers that there were too many tries, so that some people who sign in at one address at
    the same moment were told so wrongly. Here the lock is one of the database: it is held for two
    statements, and ends with its connection.
    """

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep a value under a new key, or take a lock once it is free."""
        if not key.endswith(LOCK):
            return bool(super().add(key, value, timeout, version))
        lock_session(Lock.SIGN_IN, key)
        return True

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget a value, or give a lock back."""
        if not key.endswith(LOCK):
            return bool(super().delete(key, version))
        return unlock_session(Lock.SIGN_IN, key)
