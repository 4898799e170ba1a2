"""Nothing that was written is lost because a session ended (standards 5.3)."""

from __future__ import annotations

import functools
import uuid
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
    """Whether the page's own script asks, in the background."""
    return request.headers.get("X-Requested-With") == "judging"


def asks_for_help(request: HttpRequest) -> bool:
    """Whether the button Help of the judging page was pressed, as it is without scripts."""
    return request.method == "POST" and request.POST.get("do") == "help"


def to_help(here: str) -> HttpResponseRedirect:
    """Help, with the way back to what is being judged."""
    query = QueryDict(mutable=True)
    query["next"] = here
    return HttpResponseRedirect(f"{reverse('care:help')}?{query.urlencode(safe='/')}")


def keeps_what_was_written(view: View) -> View:
    """Keep what somebody sends whose session has ended, until they have signed in again.

    It is kept for the account that the page was made for (`shared.stashed_forms`); `take` gives it
    to the page afterwards. The draft service then checks whose assignment it is.
    """

    @functools.wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        is_kept = stashed_forms.hold(request, KEPT, str(kwargs["assignment_id"]))
        here = reverse("annotations:judge-one", kwargs=kwargs)
        way_in = to_help(here) if asks_for_help(request) else redirect_to_login(here)
        if from_scripts(request):
            said = {"sign_in": way_in.headers["Location"], "kept": is_kept}
            return JsonResponse(said, status=401)
        if is_kept:
            messages.info(request, stashed_forms.IS_KEPT)
        else:
            messages.warning(request, stashed_forms.NOT_KEPT)
        return way_in

    return kept


def take(request: HttpRequest, assignment_id: uuid.UUID) -> dict[str, str] | None:
    """What was kept for that assignment, once."""
    kept = stashed_forms.held(request, KEPT)
    stashed_forms.drop(request, KEPT)
    return dict(kept[1]) if kept and kept[0] == str(assignment_id) else None
