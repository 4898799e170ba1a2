"""Pages of training and attention rounds: plan them, write expected answers, read feedback."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.contract.unchecked import UncheckedSubmission
from annotations.forms import judging, words
from annotations.forms.feedback import compared
from annotations.forms.judging_form import judging_form
from annotations.forms.rounds import cohort_forms, plans_of
from annotations.forms.special_rounds import (
    ExplanationForm,
    SpecialCohortForm,
    SpecialRoundForm,
)
from annotations.models import Assignment
from annotations.permissions import JUDGE, MANAGE_ROUNDS
from annotations.queries import assignments, own_judgements, progress
from annotations.queries import special_items as queries
from annotations.rules.states import RoundKind
from annotations.services import special_items
from annotations.views.cover import covered_for, opens
from annotations.views.questions import questions
from annotations.views.support import carried, carry_on
from codesign.shared.errors import Conflict, Invalid, NotFound
from codesign.shared.forms import explain
from codesign.studies.permissions import StudyRequest, page
from codesign.studies.queries import cohorts_of
from codesign.studies.rules import Role


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def plan(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the form to plan a training or attention round."""
    study = request.member.study
    form = SpecialRoundForm(request.POST or None)
    cohorts = cohort_forms(
        SpecialCohortForm,
        request.POST or None,
        cohorts=cohorts_of(study_id=study.id),
        before=progress.last_plans(study_id=study.id),
    )
    valid = [one.is_valid() for one in (form, *cohorts)]  # all of them, to show all errors
    if all(valid):
        try:
            made = special_items.plan_round(
                actor=request.actor,
                study=study,
                kind=RoundKind(form.cleaned_data["kind"]),
                title=form.cleaned_data["title"],
                cohorts=plans_of(cohorts),
                external_ids=form.cleaned_data["prompts"],
            )
        except (Conflict, Invalid) as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("The round is planned. Write its expected answers now."))
            return redirect("annotations:round", slug=slug, round_id=made.id)
    status = 400 if form.is_bound else 200
    context = {"form": form, "cohorts": cohorts, "special": True}
    return render(request, "annotations/round_plan.html", context, status=status)


@page(MANAGE_ROUNDS)
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request: StudyRequest, slug: str, seat_id: int) -> HttpResponse:
    """Show the form with the expected answer to a text, or store it; its content note first."""
    seat = queries.item_in(study_id=request.member.study_id, seat_id=seat_id)
    shown = queries.shown_item(seat=seat, language=request.member.study.language)
    prompt = seat.task.prompt
    if request.method != "POST" and not opens(request) and covered_for(request, [prompt]):
        context = {"seat": seat, "shown": shown, "intensity": words.INTENSITIES[prompt.intensity]}
        return render(request, "annotations/expected_answer.html", context)
    expected = getattr(seat, "expected", None)
    errors: dict[str, str] = {}
    filled = judging.inputs(shown)
    form = ExplanationForm(
        request.POST or None, initial={"explanation": expected.explanation if expected else ""}
    )
    if request.method == "POST":
        filled = {name: str(value) for name, value in request.POST.items()}
        answers = {k: v for k, v in judging.answers(filled, shown).items() if k != "comment"}
        if form.is_valid():
            try:
                special_items.expect(
                    actor=request.actor,
                    seat=seat,
                    sent=UncheckedSubmission(answers),
                    explanation=form.cleaned_data["explanation"],
                )
            except Invalid as refusal:
                errors = judging.errors(refusal, answers, filled, shown)
            else:
                messages.success(request, _("The expected answer is saved."))
                return redirect("annotations:round", slug=slug, round_id=seat.task.round_id)
    clinical = seat.cohort.role == Role.CLINICIAN
    judged = judging_form(shown, filled, errors, clinical=clinical)
    judged = replace(judged, questions=replace(judged.questions, asks_comment=False))
    context = {
        "seat": seat,
        "shown": shown,
        "preview": judged,
        "questions_shown": questions(judged),
        "form": form,
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "annotations/expected_answer.html", context, status=status)


def to_feedback(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    """Redirect to the feedback on a training item that was just sent, with help if it needs it."""
    carry_on(request)
    slug = assignment.member.study.slug
    return redirect("annotations:training-feedback", slug=slug, assignment_id=assignment.id)


@never_cache
@require_safe
@page(JUDGE)
def feedback(request: StudyRequest, slug: str, assignment_id: uuid.UUID) -> HttpResponse:
    """Show a person's answers to a training item beside those of others."""
    assignment = assignments.own(actor=request.actor, assignment_id=assignment_id)
    if assignment.member.study.slug != slug:
        raise NotFound
    found = queries.feedback_on(actor=request.actor, assignment=assignment)
    if found is None:
        return redirect("annotations:judge", slug=slug)
    carried(request)
    shown = assignments.shown(actor=request.actor, assignment=assignment)
    context = {
        "shown": shown,
        "explanation": found.expected.explanation,
        "rows": compared(
            shown,
            own=own_judgements.as_sent(judgement=found.judgement),
            others=found.expected.answers,
            clinical=request.member.has_role(Role.CLINICIAN),
        ),
    }
    return render(request, "annotations/training_feedback.html", context)
