"""Checking the permission of pages that belong to no study; `studies.permissions` does the rest."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from codesign.shared.access import Permission, Scope, declare
from codesign.shared.actors import Actor
from codesign.shared.errors import NotPermitted

PageView = Callable[..., HttpResponse]


def turned_away(request: HttpRequest, permission: Permission) -> HttpResponse | None:
    """The way to sign in where that is missing; else set `request.actor` and return None."""
    if permission.scope is Scope.PUBLIC:
        return None
    user: Any = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    request.actor = Actor.of(user)  # type: ignore[attr-defined]
    if permission.scope is Scope.SITE_ADMIN and not user.is_site_admin:
        raise NotPermitted("Only a site admin may do this.")
    return None


def plain_page(permission: Permission) -> Callable[[PageView], PageView]:
    """Declare and check the permission of a page outside any study."""

    def wrap(view: PageView) -> PageView:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return turned_away(request, permission) or view(request, *args, **kwargs)

        return declare(permission)(checked)

    return wrap
