"""After a session: what was done and earned, how the person is, and who helps (standards 4.11)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from annotations.queries import sittings
from annotations.queries.no_work import Nothing
from codesign.care.forms.wellbeing import CheckInForm
from codesign.care.queries import adjustments, cases, moods
from codesign.care.rules.moods import Face, Moment, needs_an_answer
from codesign.studies.permissions import StudyRequest

AFTER_READING = {
    "stopped",
    "debrief",
    "rest",
    "break",
    Nothing.FULL,
    Nothing.HEAVIEST,
    Nothing.LATER,
    Nothing.TOPICS,
    Nothing.DONE,
}
"""States whose page says where Help is."""
ENDS_A_SESSION = AFTER_READING - {"rest", "break"} | {
    Nothing.CAP,
    Nothing.BUDGET,
    Nothing.OTHERS,
    Nothing.BETWEEN,
}
"""States in which somebody stopped, or nothing is left for now."""


def after_session(request: StudyRequest, state: str) -> dict[str, Any]:
    """Return what the page shows after a session: nothing in other states, or without a session."""
    says: dict[str, Any] = {"after_reading": state in AFTER_READING}
    if state not in ENDS_A_SESSION:
        return says
    member = request.member
    session = sittings.session_of(actor=request.actor, member=member)
    if session is None:
        return says
    said = moods.today(member)
    worse = needs_an_answer(before=said.get(Moment.BEFORE), after=said.get(Moment.AFTER))
    asks = moods.may_ask(member, Moment.AFTER, said=said)
    check_in = adjustments.check_in_of(member)
    return says | {
        "session": session,
        "mood": {"faces": Face.choices} if asks else None,
        "worse": worse and cases.open_case_of(member=member) is None,
        "check_in": check_in,
        "check_in_form": CheckInForm(),
        "next": reverse("annotations:judge-after", kwargs={"slug": member.study.slug}),
    }
