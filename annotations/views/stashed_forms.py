"""Keep the judging form of a person whose session has ended (standards 5.3)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.urls import reverse

from codesign.shared import stashed_forms

KEPT = "kept_judgement"
View = Callable[..., HttpResponse]


def from_scripts(request: HttpRequest) -> bool:
    """Return whether the page's script made the request, in the background."""
    return request.headers.get("X-Requested-With") == "judging"


def asks_for_help(request: HttpRequest) -> bool:
    """Return whether the button “Help” of the judging page was pressed (without scripts)."""
    return request.method == "POST" and request.POST.get("do") == "help"


def to_help(here: str) -> HttpResponseRedirect:
    """Redirect to Help, with the address to return to."""
    query = QueryDict(mutable=True)
    query["next"] = here
    return HttpResponseRedirect(f"{reverse('care:help')}?{query.urlencode(safe='/')}")


def keeps_what_was_written(view: View) -> View:
    """Decorate a view to stash the form of a person whose session has ended.

    The form is stashed for the account that the page was rendered for (`shared.stashed_forms`).
    After sign-in, `take` returns it, and the draft service checks whose assignment it is.
    """

    @functools.wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        here = request.path
        is_kept = stashed_forms.hold(request, KEPT, here)
        way_in = to_help(here) if asks_for_help(request) else redirect_to_login(here)
        if from_scripts(request):
            body = {"sign_in": way_in.headers["Location"], "kept": is_kept}
            return JsonResponse(body, status=401)
        if is_kept:
            messages.info(request, stashed_forms.IS_KEPT)
        else:
            messages.warning(request, stashed_forms.NOT_KEPT)
        return way_in

    return kept


def take(request: HttpRequest) -> dict[str, str] | None:
    """Return the stashed form of this page and remove it."""
    kept = stashed_forms.held(request, KEPT)
    stashed_forms.drop(request, KEPT)
    return dict(kept[1]) if kept and kept[0] == request.path else None
