"""The pages of safety leads: cases, one case, and the rota. Nobody else opens the first two."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from codesign.care.forms.cases import AbsenceForm, CloseForm, EscalationForm, NoteForm
from codesign.care.models import Case
from codesign.care.permissions import HANDLE_CASES, PLAN_CARE, SEE_PLAN
from codesign.care.queries import cases as queries
from codesign.care.queries import moods
from codesign.care.queries import rota as rota_queries
from codesign.care.rules.cases import Answer, CaseState, Contact, Outcome, Reason
from codesign.care.rules.disclosure.phrases import Urgency
from codesign.care.services import cases, rota
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.logs import unlogged
from codesign.studies.permissions import StudyRequest, page


@unlogged
@never_cache
@require_safe
@page(HANDLE_CASES)
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the open cases, that whose time ends first at the top, and the closed ones."""
    study = request.member.study
    context = {
        "open": [_row(case) for case in queries.open_cases(actor=request.actor, study=study)],
        "closed": [_row(case) for case in queries.closed_cases(actor=request.actor, study=study)],
        "in_rota": bool(rota_queries.rota_of(study_id=study.id)),
        "missing": _missing(study.id),
        "drops": moods.drops_in(actor=request.actor, study=study),
    }
    return render(request, "care/cases.html", context)


def _missing(study_id: uuid.UUID) -> list[str]:
    """Return the names of those in the rota who cannot act."""
    return [queries.name_of(lead) for lead in rota_queries.cannot_act(study_id=study_id)]


def _row(case: Case) -> dict[str, Any]:
    return {
        "case": case,
        "reason": Reason(case.reason).label,
        "urgency": Urgency(case.urgency).label,
        "overdue": case.due_at is not None and case.due_at <= timezone.now(),
        "outcome": Outcome(case.outcome).label if case.outcome else "",
    }


@unlogged
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(HANDLE_CASES)
def one(request: StudyRequest, slug: str, case_id: uuid.UUID) -> HttpResponse:
    """Show a case; add a note, close it or open it again."""
    case = queries.case_of(actor=request.actor, study=request.member.study, case_id=case_id)
    do = request.POST.get("do", "")
    note = NoteForm(request.POST if do == "note" else None)
    end = CloseForm(request.POST if do == "close" else None)
    steps: dict[str, tuple[Form, Callable[..., Any], str]] = {
        "note": (note, cases.add_note, _("The note is saved.")),
        "close": (end, cases.close, _("The case is closed.")),
    }
    if do == "reopen":
        cases.reopen(actor=request.actor, case_id=case.id)
        messages.success(request, _("The case is open again."))
        return redirect("care:case", slug=slug, case_id=case.id)
    if do in steps and _done(request, case, *steps[do]):
        return redirect("care:case", slug=slug, case_id=case.id)
    context = _row(case) | {
        "answer": Answer(case.answer).label if case.answer else "",
        "contact": Contact(case.contact).label if case.contact else "",
        "reached_at": queries.reached_at(case=case),
        "words": queries.words_of(case=case),
        "moods": moods.moods_of(actor=request.actor, study=case.study, member=case.member),
        "notes": queries.notes_of(case=case),
        "is_open": case.state == CaseState.OPEN,
        "note_form": note,
        "close_form": end,
        "escalation": rota_queries.escalation_of(study_id=case.study_id),
    }
    return render(
        request, "care/case.html", context, status=400 if note.errors or end.errors else 200
    )


def _done(
    request: StudyRequest, case: Case, form: Form, service: Callable[..., Any], says: str
) -> bool:
    if not form.is_valid():
        return False
    sent = {"text" if name == "note" else name: text for name, text in form.cleaned_data.items()}
    try:
        service(actor=request.actor, case_id=case.id, **sent)
    except (Conflict, Invalid) as refusal:
        explain(form, refusal)
        return False
    messages.success(request, says)
    return True


@never_cache
@require_safe
@page(SEE_PLAN)
def plan(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the rota, and what is done when somebody is in distress."""
    return _plan(request)


@never_cache
@require_http_methods(["POST"])
@page(PLAN_CARE)
def write_plan(request: StudyRequest, slug: str) -> HttpResponse:
    """Store what is done when somebody is in distress."""
    form = EscalationForm(request.POST)
    if form.is_valid():
        rota.write_escalation(
            actor=request.actor, study=request.member.study, text=form.cleaned_data["escalation"]
        )
        messages.success(request, _("Saved."))
        return redirect("care:plan", slug=slug)
    return _plan(request, escalation=form)


@never_cache
@require_http_methods(["POST"])
@page(PLAN_CARE)
def change_rota(request: StudyRequest, slug: str, member_id: uuid.UUID) -> HttpResponse:
    """Put a safety lead into the rota, out of it or in charge, or store their absence."""
    study = request.member.study
    steps: dict[str, Callable[..., Any]] = {
        "add": rota.put_in_rota,
        "remove": rota.take_out_of_rota,
        "first": rota.hand_over_to,
    }
    if service := steps.get(request.POST.get("do", "")):
        service(actor=request.actor, study=study, member_id=member_id)
        return redirect("care:plan", slug=slug)
    form = AbsenceForm(request.POST)
    if form.is_valid():
        try:
            rota.set_absence(
                actor=request.actor, study=study, member_id=member_id, **form.cleaned_data
            )
        except Invalid as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("care:plan", slug=slug)
    return _plan(request, absence=(member_id, form))


def _plan(
    request: StudyRequest,
    *,
    escalation: EscalationForm | None = None,
    absence: tuple[uuid.UUID, AbsenceForm] | None = None,
) -> HttpResponse:
    study = request.member.study
    today = timezone.localdate()
    turns = rota_queries.rota_of(study_id=study.id)
    on_duty = {lead.id for lead in rota_queries.in_charge(study_id=study.id, day=today)[:1]}
    failed_id, failed = absence or (None, None)
    text = rota_queries.escalation_of(study_id=study.id)
    context = {
        "turns": [
            {
                "turn": turn,
                "name": queries.name_of(turn.member),
                "on_duty": turn.member.id in on_duty,
                "is_away": turn.is_away(today),
                "form": failed
                if turn.member.id == failed_id
                else AbsenceForm(
                    initial={"away_from": turn.away_from, "away_until": turn.away_until},
                    auto_id=f"id_{turn.member.id}_%s",
                ),
            }
            for turn in turns
        ],
        "missing": _missing(study.id),
        "others": [
            (lead.id, queries.name_of(lead))
            for lead in rota_queries.leads_outside_of_rota(study_id=study.id)
        ],
        "escalation": text,
        "form": escalation or EscalationForm(initial={"escalation": text}),
        "may_plan": request.member.has_role(*PLAN_CARE.roles),
    }
    failing = bool(absence or (escalation and escalation.errors))
    return render(request, "care/plan.html", context, status=400 if failing else 200)
