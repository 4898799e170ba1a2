"""Help beside the answer to somebody who writes that they want to die.

It comes with whatever answers what was sent, also where that was refused or sent before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise

from annotations.rules.own_texts import needs_support
from codesign.care import queries as care
from codesign.care.queries import SUPPORT, Country

CARRIED = "lines"
"""Key in the session; says as little as can be."""


@dataclass
class Support:
    """Whom one can call; `sent` once the text is stored, for its author alone."""

    countries: list[Country]
    sent: bool = False
    says: Promise = SUPPORT


def offer_support(request: HttpRequest, texts: Iterable[str]) -> None:
    """Let the page that answers this request show help, where what was written asks for it."""
    if needs_support(texts):
        request.support = Support(_countries(request))  # type: ignore[attr-defined]


def carry_on(request: HttpRequest) -> None:
    """Keep the help for the page that a redirect leads to; no address tells of it."""
    if getattr(request, "support", None):
        request.session[CARRIED] = True


def carried(request: HttpRequest) -> None:
    """Show the help that the request before kept for this page, once."""
    if request.session.pop(CARRIED, False):
        request.support = Support(_countries(request), sent=True)  # type: ignore[attr-defined]


def _countries(request: HttpRequest) -> list[Country]:
    return care.countries_for(language=request.user.language)  # type: ignore[union-attr]


def note_sent(request: HttpRequest) -> None:
    """Say that what was written is stored."""
    if support := getattr(request, "support", None):
        support.sent = True
