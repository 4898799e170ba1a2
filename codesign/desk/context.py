"""Template context for the frame of every page: the current study and the navigation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from codesign.desk import queries
from codesign.desk.home import nav_of
from codesign.shared.actors import Actor
from codesign.studies import queries as studies
from codesign.studies.models import Member


def header(request: HttpRequest) -> dict[str, Any]:
    """Return `study` and `nav` for the membership that the page's permission was checked with."""
    member = getattr(request, "member", None)
    if not isinstance(member, Member):
        return {}
    keys = {"slug": member.study.slug}
    nav = []
    for link in nav_of(member):
        href, *also = (reverse(name, kwargs=keys) for name in (link.url_name, *link.also))
        current = _current(href, also, path=request.path)
        nav.append({"label": link.label, "href": href, "current": current})
    return {"study": member.study, "nav": nav}


def _current(href: str, also: Sequence[str], *, path: str) -> str:
    """Return the `aria-current` of a link: "page" for this page, "true" for its section."""
    if path == href:
        return "page"
    return "true" if path.startswith((href, *also)) else ""


def account(request: HttpRequest) -> dict[str, Any]:
    """Return `works_with_programs` and `handovers`, which query only if a template uses them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    actor = Actor.of(user)
    return {
        "works_with_programs": partial(studies.works_with_programs, actor=actor),
        "handovers": partial(queries.handovers_waiting, actor=actor),
    }
