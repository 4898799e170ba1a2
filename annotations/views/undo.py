"""The way back after a skip."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _

from annotations.models import Assignment
from annotations.rules.sittings import may_undo
from annotations.services import putting_off
from codesign.shared.errors import Conflict
from codesign.studies.permissions import StudyRequest

NEXT = "annotations:judge"


def offer_undo(request: StudyRequest, assignment: Assignment) -> None:
    """Show a button on the page that answers this request, if the skip can be undone."""
    if may_undo(
        state=assignment.state,
        ended_at=assignment.ended_at,
        pay_check=assignment.pay_check,
        now=now(),
    ):
        request.undo = assignment.id  # type: ignore[attr-defined]


def undo(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    """Give the skipped text back, or say why that is not possible."""
    try:
        again = putting_off.undo_skip(actor=request.actor, assignment_id=assignment.id)
    except Conflict as refusal:
        messages.warning(request, refusal.title)
        return redirect(NEXT, slug=assignment.member.study.slug)
    paid = "" if again.amount_minor else " " + _("It is already paid.")
    messages.success(request, _("You have this text again.") + paid)
    return redirect(NEXT, slug=assignment.member.study.slug)
