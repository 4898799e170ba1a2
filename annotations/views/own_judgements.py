"""Pages of what a person judged: the list, one piece of work, and the form to correct it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.contract.unchecked import UncheckedSubmission
from annotations.forms import judging, marks, words
from annotations.forms.judging_form import JudgingForm, judging_form
from annotations.forms.own_judgement import passages
from annotations.permissions import JUDGE, SEE_OWN
from annotations.queries import assignments as assignments_read
from annotations.queries import own_judgements as queries
from annotations.queries.own_judgements import OwnJudgement
from annotations.queries.own_texts import own_words
from annotations.queries.shown import ShownAssignment
from annotations.rules.own_texts import Source
from annotations.services import corrections
from annotations.views.cover import opens
from annotations.views.questions import questions
from annotations.views.stashed_forms import from_scripts, keeps_what_was_written, take
from annotations.views.support import carried, carry_on, note_sent, offer_support
from codesign.shared.errors import Conflict, Invalid, NoConsent, TooLarge
from codesign.shared.keyset import page_of
from codesign.studies.permissions import StudyRequest, page
from codesign.studies.rules import Role

WORKS_A_PAGE = 30
SAVE, AFRESH = "save", "afresh"


@never_cache
@require_safe
@page(SEE_OWN)
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List what the person judged and skipped, the newest first."""
    finished = queries.finished(actor=request.actor, member=request.member)
    shown = page_of(finished, by=queries.NEWEST, asked=request.GET, size=WORKS_A_PAGE)
    context = {
        "page": shown,
        "works": queries.works_of(actor=request.actor, assignments=shown.object_list),
    }
    return render(request, "annotations/own_judgements.html", context)


@never_cache
@require_safe
@page(SEE_OWN)
def one(request: StudyRequest, slug: str, assignment_id: uuid.UUID) -> HttpResponse:
    """Show a prompt with its replies and the person's answers.

    A text that they skipped on its content note stays covered until they open it.
    """
    carried(request)
    own = queries.own_judgement(actor=request.actor, assignment_id=assignment_id)
    if (study := own.work.assignment.member.study).slug != slug:
        return redirect("annotations:mine-one", slug=study.slug, assignment_id=assignment_id)
    shown = _shown(request, own)
    context: dict[str, Any] = {
        "own": own,
        "work": own.work,
        "shown": shown,
        "covered": own.work.assignment.stayed_covered and not opens(request),
        "intensity": words.INTENSITIES[shown["prompt"]["intensity"]],
    }
    if own.judgement:
        context |= {
            "form": _form(request, shown, judging.inputs(shown)),
            "passages": passages(shown),
        }
    return render(request, "annotations/own_judgement.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@keeps_what_was_written
@page(JUDGE)
def correct(request: StudyRequest, slug: str, assignment_id: uuid.UUID) -> HttpResponse:
    """Show the form with the answers that were sent, or save or store corrected answers."""
    own = queries.own_judgement(actor=request.actor, assignment_id=assignment_id)
    if own.work.assignment.stayed_covered:
        return redirect("annotations:mine-one", slug=_slug(own), assignment_id=assignment_id)
    if request.method == "POST":
        if request.POST.get("do") in (SAVE, AFRESH):
            return _save(request, own)
        return _correct(request, own)
    if kept := take(request):
        return _ask(request, own, inputs=kept, revision=_number(kept.get("revision", "")))
    study = own.work.assignment.member.study
    if study.slug != slug or own.settled or own.judgement is None:
        return redirect("annotations:mine-one", slug=study.slug, assignment_id=assignment_id)
    return _ask(request, own)


def _save(request: StudyRequest, own: OwnJudgement) -> HttpResponse:
    """Save the unsent correction, or delete it. The script of the page calls this too."""
    sent = None
    if request.POST["do"] == SAVE:
        sent = UncheckedSubmission(judging.answers(request.POST, _shown(request, own)))
    try:
        corrections.save_draft(actor=request.actor, assignment_id=own.work.id, sent=sent)
    except (Conflict, Invalid, NoConsent, TooLarge) as refusal:
        if from_scripts(request):
            return HttpResponse(status=refusal.status)
        errors = {"": refusal.title}
        return _ask(request, own, inputs=request.POST, errors=errors, status=refusal.status)
    if from_scripts(request):
        return HttpResponse(status=204)
    return redirect("annotations:mine-correct", slug=_slug(own), assignment_id=own.work.id)


def _correct(request: StudyRequest, own: OwnJudgement) -> HttpResponse:
    shown = _shown(request, own)
    if "mark" in request.POST or "unmark" in request.POST:
        posted, errors = marks.changed(request.POST, shown)
        return _ask(request, own, inputs=posted, errors=errors, revision=_revision(request))
    posted, errors = marks.with_words(request.POST, shown)
    if errors:
        return _ask(request, own, inputs=posted, errors=errors, status=422)
    answers = judging.answers(posted, shown)
    sent = UncheckedSubmission(answers)
    offer_support(request, own_words(assignment=own.work.assignment, sent=sent))
    try:
        corrected = corrections.correct(
            actor=request.actor,
            assignment_id=own.work.id,
            revision=_revision(request),
            sent=sent,
        )
    except Invalid as refusal:
        errors = judging.errors(refusal, answers, posted, shown)
        return _ask(request, own, inputs=posted, errors=errors, status=422)
    except (Conflict, NoConsent) as refusal:
        again = queries.own_judgement(actor=request.actor, assignment_id=own.work.id)
        errors = {"": refusal.title}
        return _ask(request, again, inputs=request.POST, errors=errors, status=refusal.status)
    note_sent(
        request,
        source=Source.JUDGEMENT,
        about=queries.revisions_of(actor=request.actor, assignment_id=own.work.id),
    )
    carry_on(request)
    messages.success(
        request, _("Corrected. Your new answers count from now on. Your pay stays the same.")
    )
    if corrected.kept:
        messages.info(
            request, _("A reviewer agreed with your report of harm, so the report stays.")
        )
    return redirect("annotations:mine-one", slug=_slug(own), assignment_id=own.work.id)


def _ask(
    request: StudyRequest,
    own: OwnJudgement,
    *,
    inputs: Mapping[str, str] | None = None,
    errors: dict[str, str] | None = None,
    revision: int = 0,
    status: int = 200,
) -> HttpResponse:
    """Show the form; after a refusal, with what the person typed. It sends the next revision."""
    shown = _shown(request, own)
    so_far = own.correction_so_far if inputs is None else None
    if so_far:
        shown["draft"] = so_far
    form = _form(request, shown, judging.inputs(shown) if inputs is None else inputs, errors)
    context = {
        "own": own,
        "work": own.work,
        "shown": shown,
        "form": form,
        "questions": questions(form),
        "revision": revision or own.work.revisions + 1,
        "so_far": bool(so_far),
    }
    return render(request, "annotations/correct.html", context, status=status)


def _shown(request: StudyRequest, own: OwnJudgement) -> ShownAssignment:
    """Return the assignment as it was shown, with the answers in the place of a draft."""
    shown = assignments_read.shown(actor=request.actor, assignment=own.work.assignment)
    shown["draft"] = queries.as_sent(judgement=own.judgement) if own.judgement else None
    return shown


def _form(
    request: StudyRequest,
    shown: ShownAssignment,
    inputs: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> JudgingForm:
    return judging_form(shown, inputs, errors, clinical=request.member.has_role(Role.CLINICIAN))


def _slug(own: OwnJudgement) -> str:
    return own.work.assignment.member.study.slug


def _revision(request: StudyRequest) -> int:
    return _number(request.POST.get("revision", ""))


def _number(typed: str) -> int:
    """Return the number of a revision; 0, which is none, for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0
