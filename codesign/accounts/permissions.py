"""What a token must allow before its program may do something."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from codesign.accounts.models import ApiToken


class TokenAllows(BasePermission):
    """Each API view names one `scope`; a session needs none, a token must carry it.

    A view without a scope is closed to tokens.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Refuse with the name of the scope that is missing."""
        if not isinstance(request.auth, ApiToken):
            return True
        scope = getattr(view, "scope", None)
        if scope is None or scope not in request.auth.scopes:
            raise PermissionDenied(f"This token does not allow this; it needs “{scope}”.")
        return True
