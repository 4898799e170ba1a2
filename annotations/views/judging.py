"""The judging page: one assignment at a time. After sending, the next one is shown."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from annotations.contract.skip import Skip
from annotations.contract.unchecked import UncheckedSubmission
from annotations.forms import judging, marks, words
from annotations.forms.judging_form import judging_form
from annotations.models import Assignment
from annotations.permissions import JUDGE
from annotations.queries import assignments as queries
from annotations.queries import load, sittings, topics
from annotations.queries.no_work import Nothing, why_nothing
from annotations.queries.own_texts import own_words
from annotations.queries.shown import ShownAssignment
from annotations.rules.own_texts import Source, needs_support
from annotations.rules.states import AssignmentState, ItemKind, SkipReason
from annotations.rules.topics import LIGHTEST
from annotations.services import assignments, putting_off, submissions, support
from annotations.views.cover import cover
from annotations.views.debrief import after_session
from annotations.views.questions import questions
from annotations.views.sentences import (
    added,
    heading_of,
    is_prefetch,
    messages_of,
    stopped_for_support,
)
from annotations.views.special_items import to_feedback
from annotations.views.stashed_forms import (
    asks_for_help,
    from_scripts,
    keeps_what_was_written,
    take,
    to_help,
)
from annotations.views.support import carried, carry_on, note_sent, notice_unsent, offer_support
from annotations.views.undo import offer_undo, undo
from codesign.consent import queries as consent
from codesign.shared.errors import Conflict, Invalid, NoConsent, TooLarge
from codesign.studies.permissions import StudyRequest, page
from codesign.studies.rules import Role

Inputs = Mapping[str, str]
ENDED = {AssignmentState.SUBMITTED: "sent", AssignmentState.SKIPPED: "skipped"}
CSRF = "csrfmiddlewaretoken"
NEXT = "annotations:judge"


@never_cache
@require_safe
@page(JUDGE)
def judge(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the current or next assignment, or a page that explains why there is none.

    A person who has never chosen topics chooses them before the text. HEAD and prefetch requests
    lease nothing, because nobody reads them.
    """
    if request.method == "HEAD":
        return HttpResponse()
    if is_prefetch(request):
        return HttpResponse(status=503)
    if topics.chooses_first(actor=request.actor, member=request.member):
        return redirect("annotations:topics", slug=slug)
    try:
        lease = assignments.lease(actor=request.actor, slug=slug)
    except NoConsent:
        return redirect("consent:read", slug=slug)
    return _next(request, lease.assignment)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@keeps_what_was_written
@page(JUDGE)
def judge_one(request: StudyRequest, slug: str, assignment_id: uuid.UUID) -> HttpResponse:
    """Show an assignment, or send, save, skip, put off or stop it, or go to Help."""
    try:
        return _one(request, slug, assignment_id)
    except NoConsent:
        if asks_for_help(request):
            return to_help(request.path)
        if consent.state_of(member_id=request.member.id) != consent.ConsentState.LEFT:
            raise
        return _calm(request, "left", status=403)


def _one(request: StudyRequest, slug: str, assignment_id: uuid.UUID) -> HttpResponse:
    assignment = queries.own(actor=request.actor, assignment_id=assignment_id)
    if assignment.member.study.slug != slug:
        return redirect(NEXT, slug=assignment.member.study.slug)
    if request.method == "POST":
        return _act(request, assignment)
    if kept := take(request):
        return _restore(request, assignment, kept)
    if assignment.state == AssignmentState.LEASED:
        return _show(request, assignment)
    if assignment.state in ENDED:
        offer_undo(request, assignment)
        return _calm(request, _ended(assignment))
    held = assignments.lease(actor=request.actor, slug=slug).assignment
    if held and held.task_id == assignment.task_id:
        return redirect(NEXT, slug=slug)  # leased again, with its draft
    return _calm(request, "over", written=_written(request, assignment))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(JUDGE)
def stopped(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the page after “Stop for now”. A POST (from Help) first returns the assignment."""
    if request.method == "POST":
        assignments.stop_all(actor=request.actor, slug=slug)
        return redirect("annotations:judge-stopped", slug=slug)
    if queries.held(actor=request.actor, slug=slug):
        return redirect(NEXT, slug=slug)
    carried(request)
    return _calm(request, "stopped")


@never_cache
@require_safe
@page(JUDGE)
def after(request: StudyRequest, slug: str) -> HttpResponse:
    """Show what was done in the last session, and who helps. Nothing is leased or returned."""
    return _calm(request, "debrief")


def _act(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    if asks_for_help(request):
        return _help(request, assignment)
    own_name = next((name for name in ("skip", "mark", "unmark") if name in request.POST), "")
    wanted = own_name or request.POST.get("do")
    if assignment.state == AssignmentState.LEASED and not request.POST.keys() - {CSRF}:
        lost = _("Your answers did not reach us. What was saved before is still here.")
        return _show(request, assignment, errors={"": lost})
    notice_unsent(request, assignment, wanted)
    try:
        if act := ACTIONS.get(wanted or ""):
            return act(request, assignment)
        _save(request, assignment, request.POST)
    except Conflict:
        return _gone(request, assignment, request.POST)
    except (Invalid, TooLarge) as refusal:
        return _show(request, assignment, inputs=request.POST, errors=messages_of(refusal))
    if from_scripts(request):
        return HttpResponse(status=204)
    if wanted == "topics":
        return redirect("annotations:topics", slug=assignment.member.study.slug)
    if wanted == "stop":
        assignments.stop_all(actor=request.actor, slug=assignment.member.study.slug)
        carry_on(request)
        return redirect("annotations:judge-stopped", slug=assignment.member.study.slug)
    if wanted == "judged":
        return redirect("annotations:mine", slug=assignment.member.study.slug)
    return redirect(request.path)


def _send(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    shown = queries.shown(actor=request.actor, assignment=assignment)
    posted, errors = marks.with_words(request.POST, shown)
    if errors:
        return _show(request, assignment, inputs=posted, errors=errors)
    answers = judging.answers(posted, shown)
    sent = UncheckedSubmission(answers)
    offer_support(request, own_words(assignment=assignment, sent=sent))
    try:
        submitted = submissions.submit(
            actor=request.actor,
            assignment_id=assignment.id,
            sent=sent,
            idempotency_key=request.POST.get("key") or secrets.token_urlsafe(18),
        )
    except Invalid as refusal:
        errors = judging.errors(refusal, answers, posted, shown)
        return _show(request, assignment, inputs=posted, errors=errors)
    note_sent(request, source=Source.JUDGEMENT, about=[submitted.judgement.id])
    if assignment.item_kind == ItemKind.TRAINING:
        return to_feedback(request, assignment)
    request.just_sent = assignment.id  # type: ignore[attr-defined]
    messages.success(request, _("Sent.") + added(assignment, held=submitted.held))
    return _calm(request, "break") if submitted.rest else _next(request, submitted.next)


def _skip(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    note = request.POST.get("skip_note", "")
    skipped = submissions.skip(
        actor=request.actor,
        assignment_id=assignment.id,
        skip=Skip.read(reason=request.POST["skip"], note=note),
    )
    if needs_support([note]):
        note_sent(request, source=Source.SKIP, about=[assignment.id])
    assignment.refresh_from_db(fields=["state", "ended_at", "pay_check", "later_until"])
    offer_undo(request, assignment)
    if skipped.paid:
        messages.success(request, _("Skipped.") + added(assignment, held=skipped.held))
    else:
        messages.success(
            request,
            _("Skipped. “Not today” is paid once a day, so nothing was added this time."),
        )
    if skipped.many or skipped.rest:
        return _calm(request, "rest" if skipped.many else "break")
    return _next(request, skipped.next)


def _mark(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    """Add or remove a marked passage, for pages without scripts."""
    shown = queries.shown(actor=request.actor, assignment=assignment)
    posted, errors = marks.changed(request.POST, shown)
    if errors:
        return _show(request, assignment, inputs=posted, errors=errors)
    _save(request, assignment, posted)
    return redirect(f"{request.path}#{marks.reply_of(request.POST)}")


def _view(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    if assignment.state != AssignmentState.LEASED:
        return redirect(request.path)
    assignments.open_text(actor=request.actor, assignment=assignment)
    return _show(request, assignment)


def _later(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    _save(request, assignment, request.POST)
    put_off = putting_off.put_off(actor=request.actor, assignment_id=assignment.id)
    messages.success(
        request,
        _("You may get this text again from tomorrow on. Your answers are kept."),
    )
    return _calm(request, "break") if put_off.rest else _next(request, put_off.next)


def _ask_for_support(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    """End the text with its pay, tell the safety lead, and show help (standards 4.8)."""
    case = support.stop_for_support(actor=request.actor, assignment_id=assignment.id)
    assignment.refresh_from_db(fields=["state", "skip_paid", "pay_check"])
    if assignment.state == AssignmentState.SKIPPED and assignment.skip_paid:
        messages.success(request, stopped_for_support(assignment))
    return redirect("care:own-case", slug=request.member.study.slug, case_id=case.id)


def _save(request: StudyRequest, assignment: Assignment, inputs: Inputs) -> None:
    """Save the form as a draft. A covered text has no form yet, so its draft stays."""
    if assignment.covered:
        return
    shown = queries.shown(actor=request.actor, assignment=assignment)
    submissions.save_draft(
        actor=request.actor,
        assignment_id=assignment.id,
        sent=UncheckedSubmission(judging.answers(inputs, shown)),
    )


def _restore(request: StudyRequest, assignment: Assignment, kept: Inputs) -> HttpResponse:
    """Save the form that was stashed until sign-in. If it cannot be saved, show it."""
    try:
        _save(request, assignment, kept)
    except Conflict:
        return _gone(request, assignment, kept)
    except (Invalid, TooLarge) as refusal:
        return _show(request, assignment, inputs=kept, errors=messages_of(refusal))
    return redirect(request.path)


def _help(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    """Save the form and redirect to Help, even if saving fails."""
    try:
        _save(request, assignment, request.POST)
    except (Conflict, Invalid, TooLarge):
        messages.warning(
            request,
            _("What you wrote could not be saved. Your browser's “back” button may still show it."),
        )
    return to_help(request.path)


def _gone(request: StudyRequest, assignment: Assignment, inputs: Inputs) -> HttpResponse:
    """Show that an assignment is already sent, skipped or no longer theirs.

    The page shows what they wrote. It is also saved as a draft, in case they get the task again.
    """
    if from_scripts(request):
        return HttpResponse(status=409)
    assignment.refresh_from_db(fields=["state", "later_until"])
    if assignment.state == AssignmentState.EXPIRED:
        _save(request, assignment, inputs)
    state = _ended(assignment)
    written = _written(request, assignment, inputs)
    return _calm(request, state, status=409, written=written)


def _ended(assignment: Assignment) -> str:
    if assignment.state == AssignmentState.SKIPPED and assignment.later_until:
        return "skipped_today"
    return ENDED.get(AssignmentState(assignment.state), "over")


def _written(
    request: StudyRequest, assignment: Assignment, inputs: Inputs | None = None
) -> list[tuple[str, str]]:
    """Return the free texts in `inputs`, or by default in the draft."""
    shown = queries.shown(actor=request.actor, assignment=assignment)
    return judging.written(judging.inputs(shown) if inputs is None else inputs, shown)


def _next(request: StudyRequest, assignment: Assignment | None) -> HttpResponse:
    if assignment is None:
        return _calm(request, why_nothing(actor=request.actor, member=request.member))
    return _show(request, assignment)


def _show(
    request: StudyRequest,
    assignment: Assignment,
    *,
    inputs: Inputs | None = None,
    errors: dict[str, str] | None = None,
) -> HttpResponse:
    actor = request.actor
    if assignment.covered:
        return cover(request, assignment, inputs=inputs or {}, errors=errors)
    assignments.mark_shown(actor=actor, assignment=assignment)
    shown = queries.shown(actor=actor, assignment=assignment)
    so_far = sittings.sitting_of(actor=actor, assignment=assignment)
    filled = judging.inputs(shown) if inputs is None else inputs
    clinical = request.member.has_role(Role.CLINICIAN)
    form = judging_form(shown, filled, errors, clinical=clinical)
    context = {
        "shown": shown,
        "form": form,
        "questions": questions(form),
        "sitting": so_far.done + 1,
        "is_light": _is_light(request, shown),
        "intensity": words.INTENSITIES[shown["prompt"]["intensity"]],
        "skips": SkipReason.choices,
        "skip_note": filled.get("skip_note", ""),
        "progress": words.ANSWERED,
        "saved": inputs is None and bool(shown["draft"]),
        "seconds": filled.get("active_seconds") or 0,
        "key": secrets.token_urlsafe(18),
    }
    return render(request, "annotations/judge.html", context, status=422 if errors else 200)


def _is_light(request: StudyRequest, shown: ShownAssignment) -> bool:
    """Return whether the content note of a text is a plain line, so that warnings stay rare."""
    prompt = shown["prompt"]
    return prompt["intensity"] == LIGHTEST and not topics.asked_about(
        actor=request.actor, member=request.member, topics=prompt["topics"]
    )


def _calm(
    request: StudyRequest,
    state: str,
    *,
    status: int = 200,
    written: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """Show a page that explains the state and the next steps.

    `written` has free texts that were not sent, so that the person can copy them.
    """
    member = request.member
    context = {
        "state": state,
        **after_session(request, state),
        "written": written,
        "sitting": sittings.last_sitting(actor=request.actor, member=member),
        "today": load.today(actor=request.actor, member=member) if state == Nothing.FULL else None,
        "heading": heading_of(state),
    }
    return render(request, "annotations/calm.html", context, status=status)


ACTIONS = {
    "send": _send,
    "skip": _skip,
    "mark": _mark,
    "unmark": _mark,
    "view": _view,
    "later": _later,
    "undo": undo,
    "support": _ask_for_support,
}
"""What a button of the page does; others save the form."""
