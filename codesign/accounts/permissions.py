"""Token scopes, and the check that a person proved their identity recently."""

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
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from codesign.accounts.models import ApiToken

_asked: Callable[..., Any] = reauthentication_required(allow_get=True)


def signed_in_lately(request: Any) -> bool:
    """Return whether the last proof of identity, such as a sign-in, is only minutes old."""
    proofs = get_authentication_records(request, request.user)
    return bool(proofs) and time.time() - proofs[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


def proven_lately(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view so that a site admin must have proved their identity within minutes.

    A person with neither password nor passkey signs in again, because allauth would not ask them.
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


def proven_first(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view of a person's own secrets: nothing is shown or taken before a proof.

    A form that is sent too late is not kept anywhere: the person proves their identity, and types
    it again. A person with neither password nor passkey signs in again.
    """
    asked: Callable[..., HttpResponse] = reauthentication_required(view)

    @functools.wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if signed_in_lately(request):
            return view(request, *args, **kwargs)
        if not get_adapter().get_reauthentication_methods(request.user):
            return render(request, "accounts/sign_in_again.html", {"own": True}, status=403)
        if request.method != "GET":
            return redirect(request.get_full_path())
        return asked(request, *args, **kwargs)

    return shown


class TokenAllows(BasePermission):
    """Checks a token for the view's one `scope`. A session needs none.

    A view without a scope does not accept tokens.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True, or raise PermissionDenied with the name of the missing scope."""
        if not isinstance(request.auth, ApiToken):
            return True
        scope = getattr(view, "scope", None)
        if scope is None or scope not in request.auth.scopes:
            raise PermissionDenied(
                _("This token needs the scope “%(scope)s” for this request.") % {"scope": scope}
            )
        return True
