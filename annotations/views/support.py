"""Show help to a person who writes that they want to die.

The help is part of every answer to such a request, even if it was refused or repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

from annotations.rules.own_texts import needs_support
from codesign.care.queries.help_page import SUPPORT, Country, countries_for
from codesign.shared.actors import Actor

CARRIED = "lines"
"""Key in the session, chosen to reveal nothing."""


@dataclass
class Support:
    """Helplines by country. `sent` once the text is stored, visible only to its author."""

    countries: list[Country]
    sent: bool = False
    says: Promise = SUPPORT


def offer_support(request: HttpRequest, texts: Iterable[str]) -> None:
    """Show help on the page that answers this request, if a text needs it."""
    if needs_support(texts):
        request.support = Support(_countries(request))  # type: ignore[attr-defined]


def carry_on(request: HttpRequest) -> None:
    """Keep the help for the page after a redirect. The address does not reveal it."""
    if getattr(request, "support", None):
        request.session[CARRIED] = True


def carried(request: HttpRequest) -> None:
    """Show the help that the previous request kept for this page, once."""
    if request.session.pop(CARRIED, False):
        request.support = Support(_countries(request), sent=True)  # type: ignore[attr-defined]


def _countries(request: HttpRequest) -> list[Country]:
    user: Any = request.user
    return countries_for(actor=Actor.of(user), language=user.language)


def note_sent(request: HttpRequest) -> None:
    """Record that the text is stored."""
    if support := getattr(request, "support", None):
        support.sent = True
