"""Show help to a person whose words may tell of a crisis, and ask what they are about.

The help is part of every answer to such a request, even if it was refused or repeated.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language

from annotations.contract.unchecked import UncheckedSubmission
from annotations.forms import judging
from annotations.models import Assignment
from annotations.queries import assignments as queries
from annotations.queries.own_texts import own_words
from annotations.rules.own_texts import Source, needs_support
from codesign.care.models import Case
from codesign.care.queries import cases as care_cases
from codesign.care.queries.help_page import SUPPORT, Country, countries_for
from codesign.care.rules.cases import Answer
from codesign.shared.actors import Actor
from codesign.studies.permissions import StudyRequest

LEAVE = ("skip", "later", "stop")
"""Ways to leave a text without sending the answers."""
CARRIED = "lines"
"""Key in the session, chosen to reveal nothing."""
KEPT_BACK = "-"
"""Its value while the text is not sent; else the id of the case, or "" if there is none."""


@dataclass
class Support:
    """Helplines by country. `sent` once the text is stored, visible only to its author.

    `case` is what the author is asked about then.
    """

    countries: list[Country]
    sent: bool = False
    case: Case | None = None
    says: Promise = SUPPORT

    @property
    def answers(self) -> list[tuple[str, Promise | str]]:
        """What the author can say that their words are about."""
        return list(Answer.choices)


def offer_support(request: HttpRequest, texts: Iterable[str]) -> None:
    """Show help on the page that answers this request, if a text needs it."""
    if needs_support(texts):
        request.support = Support(_countries(request))  # type: ignore[attr-defined]


def notice_unsent(request: StudyRequest, assignment: Assignment, wanted: str | None) -> None:
    """Show help to a person who leaves a text, if any words in the form need it.

    A covered text has no form but the note of a skip.
    """
    if wanted not in LEAVE:
        return
    texts = [request.POST.get("skip_note", "")]
    if not assignment.covered:
        shown = queries.shown(actor=request.actor, assignment=assignment)
        sent = UncheckedSubmission(judging.answers(request.POST, shown))
        texts += own_words(assignment=assignment, sent=sent)
    offer_support(request, texts)


def carry_on(request: HttpRequest) -> None:
    """Keep the help for the page after a redirect. The address does not reveal it."""
    if support := getattr(request, "support", None):
        case_id = str(support.case.id) if support.case else ""
        request.session[CARRIED] = case_id if support.sent else KEPT_BACK


def carried(request: StudyRequest) -> None:
    """Show the help that the previous request kept for this page, once."""
    case_id = request.session.pop(CARRIED, None)
    if case_id is None:
        return
    support = Support(_countries(request), sent=case_id != KEPT_BACK)
    if support.sent and case_id:
        support.case = care_cases.own_case(actor=request.actor, case_id=uuid.UUID(case_id))
    request.support = support  # type: ignore[attr-defined]


def _countries(request: HttpRequest) -> list[Country]:
    user: Any = request.user
    return countries_for(actor=Actor.of(user), language=get_language() or "")


def note_sent(request: StudyRequest, *, source: Source, about: Iterable[uuid.UUID]) -> None:
    """Record that the text is stored, and ask what it is about.

    `about` is what it was sent with: a skipped assignment, or all revisions of a judgement. Without
    a text that needs support, it is not read.
    """
    if support := getattr(request, "support", None):
        support.sent = True
        support.case = care_cases.own_case_about(
            actor=request.actor, about_kind=source, about=about
        )
