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
        session = _sessions.first(session_key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
        return session


class SignIn(AuthenticationBackend):
    """Sign-in by address and password, and the account of a session."""

    def get_user(self, user_id: uuid.UUID) -> User | None:
        """Return the account unless it is deactivated."""
        user = _users.first(user_id=user_id)
        return user if user and self.user_can_authenticate(user) else None


LOCK = ":lock"
"""Suffix of the keys under which django-allauth locks a counter."""


class SignInCache(DatabaseCache):
    """Django's database cache, which waits for a lock instead of refusing people.

    django-allauth counts attempts under a lock that it takes with `add`. After a second without the
    lock it reports too many attempts, so that people who sign in from one address at the same
    moment were wrongly refused. This class uses a PostgreSQL advisory lock, which is held for two
    statements and ends with its connection.
    """

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Store a value under a new key, or wait for a lock."""
        if not key.endswith(LOCK):
            return bool(super().add(key, value, timeout, version))
        lock_session(Lock.SIGN_IN, key)
        return True

    def delete(self, key: str, version: int | None = None) -> bool:
        """Delete a value, or release a lock."""
        if not key.endswith(LOCK):
            return bool(super().delete(key, version))
        return unlock_session(Lock.SIGN_IN, key)
