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
from django.utils.translation import gettext as _

KEPT = "kept_judgement"
LONGEST = 200_000
"""Characters kept for somebody who is signed out; a page of judging has a few thousand."""
KEPT_SECONDS = 3600

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

    It stays in the session of the browser that sent it, which sign-in carries over; `take` hands
    it to the page afterwards. The draft service then checks whose assignment it is.
    """

    @functools.wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        fields = {k: v for k, v in request.POST.items() if k != "csrfmiddlewaretoken"}
        if sum(len(str(v)) for v in fields.values()) <= LONGEST:
            request.session[KEPT] = [str(kwargs["assignment_id"]), fields]
            request.session.set_expiry(KEPT_SECONDS)
        here = reverse("annotations:judge-one", kwargs=kwargs)
        way_in = to_help(here) if asks_for_help(request) else redirect_to_login(here)
        if from_scripts(request):
            return JsonResponse({"sign_in": way_in.headers["Location"]}, status=401)
        messages.info(request, _("You have been signed out. What you filled in is kept."))
        return way_in

    return kept


def take(request: HttpRequest, assignment_id: uuid.UUID) -> dict[str, str] | None:
    """What was kept for that assignment, once."""
    if KEPT not in request.session:
        return None
    about, fields = request.session.pop(KEPT)
    return fields if about == str(assignment_id) else None
