"""Django's sessions and sign-in, read by statements that are written once: every request asks."""

from __future__ import annotations

import uuid
from datetime import datetime

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from codesign.accounts.models import User
from codesign.shared.written import Written


@Written
def _sessions(session_key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=session_key, expire_date__gt=now)


@Written
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
