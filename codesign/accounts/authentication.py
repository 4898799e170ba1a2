"""API authentication with `Authorization: Token …`."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from codesign.accounts import queries, rules


class TokenAuthentication(authentication.BaseAuthentication):
    """Finds the owner of a token. Refuses revoked and expired tokens, with the reason."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return (user, token), or None if the header uses another scheme."""
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "token":
            return None
        token = queries.token_by_secret(secret.strip())
        if token is None or not token.user.is_active:
            raise exceptions.AuthenticationFailed(_("This token is unknown."))
        if not rules.is_valid(
            now=timezone.now(), expires_at=token.expires_at, revoked_at=token.revoked_at
        ):
            raise exceptions.AuthenticationFailed(
                _("This token has expired or was revoked. Create a new one.")
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme, which turns a missing sign-in into a 401."""
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the web pages. Explains what a cross-site request lacks."""

    def enforce_csrf(self, request: Request) -> None:
        """Refuse requests that another site may have made the browser send."""
        # Check without the body: nothing is read or written before the sender is known.
        empty = {"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0", "CONTENT_TYPE": ""}
        asked: Any = WSGIRequest({**request.META, **empty})
        asked._dont_enforce_csrf_checks = getattr(request, "_dont_enforce_csrf_checks", False)
        try:
            super().enforce_csrf(asked)
        except exceptions.PermissionDenied:
            raise exceptions.PermissionDenied(
                _(
                    "This request does not show that it comes from our own pages. Send the header "
                    "X-CSRFToken, or use a token."
                )
            ) from None
