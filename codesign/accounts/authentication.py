"""API sign-in by `Authorization: Token …`."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from codesign.accounts import queries, rules


class TokenAuthentication(authentication.BaseAuthentication):
    """Finds the person behind a secret; refuses revoked and expired ones with the reason."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """(user, token), or None where the header speaks of something else."""
        word, _, secret = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != "token":
            return None
        token = queries.token_by_secret(secret.strip())
        if token is None or not token.user.is_active:
            raise exceptions.AuthenticationFailed("This token is not known here.")
        if not rules.is_valid(
            now=timezone.now(), expires_at=token.expires_at, revoked_at=token.revoked_at
        ):
            raise exceptions.AuthenticationFailed("This token has ended; make a new one.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing sign-in a 401."""
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages; says in words what a request from elsewhere lacks."""

    def enforce_csrf(self, request: Request) -> None:
        """Refuse what another site may have made a browser send."""
        # Asked without the body: nothing of it is read, or written, before it is known who asks.
        empty = {"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0", "CONTENT_TYPE": ""}
        asked: Any = WSGIRequest({**request.META, **empty})
        asked._dont_enforce_csrf_checks = getattr(request, "_dont_enforce_csrf_checks", False)
        try:
            super().enforce_csrf(asked)
        except exceptions.PermissionDenied:
            raise exceptions.PermissionDenied(
                "This request does not show that it comes from our own pages. Send the header "
                "X-CSRFToken, or use a token."
            ) from None
