"""What pages share: who may open those that belong to no study, and asking first.

`studies.permissions` checks the pages of a study.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from codesign.shared import stashed_forms
from codesign.shared.access import Permission, Scope, declare
from codesign.shared.actors import Actor
from codesign.shared.errors import NotPermitted

PageView = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Question:
    """What is asked before something is done that others notice: what happens, and the way back."""

    heading: str
    points: Sequence[str]
    button: str
    back: str


def own_address(text: str) -> str:
    """Return `text` if it is the address of a page of this site, else ""."""
    ours = text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None)
    return text if ours else ""


def ask_first(request: HttpRequest, question: Question, form: Form | None = None) -> HttpResponse:
    """The page that asks; its button posts to the same address."""
    status = 400 if form and form.errors else 200
    return render(request, "confirm.html", {"question": question, "form": form}, status=status)


def turned_away(request: HttpRequest, permission: Permission) -> HttpResponse | None:
    """The way to sign in where that is missing; else set `request.actor` and return None."""
    if permission.scope is Scope.PUBLIC:
        return None
    user: Any = request.user
    if not user.is_authenticated:
        return _to_sign_in(request)
    kept = stashed_forms.held(request, stashed_forms.FORM) if request.method == "POST" else None
    if kept and kept[0] == request.get_full_path():
        stashed_forms.drop(request, stashed_forms.FORM)  # it is being sent
    request.actor = Actor.of(user)  # type: ignore[attr-defined]
    if permission.scope is Scope.SITE_ADMIN and not user.is_site_admin:
        raise NotPermitted(_("Only a site admin can do this."))
    return None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way to sign in and back; a form that was sent waits there to be sent again."""
    here = request.get_full_path()
    if request.method != "POST":
        return redirect_to_login(here)
    if _held_back(request, here):
        messages.info(request, stashed_forms.IS_KEPT)
        return redirect_to_login(reverse("kept-form"))
    messages.warning(request, stashed_forms.NOT_KEPT)
    return redirect_to_login(here)


def _held_back(request: HttpRequest, here: str) -> bool:
    try:
        return stashed_forms.hold(request, stashed_forms.FORM, here)
    except RequestDataTooBig:  # a file, at an address that takes files from people who are known
        return False


def plain_page(permission: Permission) -> Callable[[PageView], PageView]:
    """Declare and check the permission of a page outside any study."""

    def wrap(view: PageView) -> PageView:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return turned_away(request, permission) or view(request, *args, **kwargs)

        return declare(permission)(checked)

    return wrap
