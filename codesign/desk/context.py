"""The header of every page: the study one is in, and where else one may go in it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from codesign.desk.home import nav_of
from codesign.studies.models import Member


def header(request: HttpRequest) -> dict[str, Any]:
    """`study` and `nav` from the membership that the page's permission was checked against."""
    member = getattr(request, "member", None)
    if not isinstance(member, Member):
        return {}
    links = [
        {"label": link.label, "href": reverse(link.url_name, kwargs={"slug": member.study.slug})}
        for link in nav_of(member)
    ]
    return {"study": member.study, "nav": links}
