"""What a token must allow before its program may do something; who has shown that it is them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from codesign.accounts.models import ApiToken

_asked: Callable[..., Any] = reauthentication_required(allow_get=True)


def signed_in_lately(request: Any) -> bool:
    """Whether the last proof of who somebody is, a sign-in or a later one, is minutes old."""
    proofs = get_authentication_records(request, request.user)
    return bool(proofs) and time.time() - proofs[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


def proven_lately(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What a site admin does to others waits until they have shown within minutes that it is them.

    Somebody with neither password nor passkey signs in again: the library would not ask them.
    """
    asked = _asked(view)

    @functools.wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        shows = request.method in ("GET", "HEAD") or signed_in_lately(request)
        if not shows and not get_adapter().get_reauthentication_methods(request.user):
            return render(request, "accounts/sign_in_again.html", status=403)
        answer: HttpResponse = asked(request, *args, **kwargs)
        return answer

    return shown


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
