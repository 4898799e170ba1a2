"""Batches of payouts, for a study's coordinators; auditors can look."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codesign.compensation.forms.payouts import BatchForm, ResultsForm
from codesign.compensation.models import PayoutBatch
from codesign.compensation.permissions import PAY_OUT, SEE_PAY
from codesign.compensation.queries import payouts as queries
from codesign.compensation.rules.payout_results import MOST_BYTES
from codesign.compensation.rules.payouts import BatchState, Channel
from codesign.compensation.services import payout_results, payouts
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.shared.money import format_money
from codesign.shared.pages import Question, ask_first
from codesign.studies.permissions import StudyRequest, page

BATCHES_A_PAGE = 50
PAYOUTS_A_PAGE = 50


@page(SEE_PAY)
@never_cache
@require_safe
def batches(request: StudyRequest, slug: str) -> HttpResponse:
    """List the batches of the study, newest first, and what is owed by currency."""
    study_id = request.member.study_id
    found = Paginator(queries.batches(study_id=study_id), BATCHES_A_PAGE)
    context = {
        "page": found.get_page(request.GET.get("page")),
        "owed": queries.currencies_owed(study_id=study_id),
        "pays": request.member.has_role(*PAY_OUT.roles),
    }
    return render(request, "compensation/payouts.html", context)


@page(PAY_OUT)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_batch(request: StudyRequest, slug: str) -> HttpResponse:
    """Ask what to pay, show who would be paid, and make the batch on a second press."""
    study = request.member.study
    owed = queries.currencies_owed(study_id=study.id)
    currencies = [(code, f"{code}: {format_money(minor, code)}") for code, minor in owed]
    form = BatchForm(request.POST or None, currencies=currencies)
    preview = None
    if form.is_bound and form.is_valid():
        if request.POST.get("do") == "make" and (made := _make(request, form)):
            messages.success(request, _("Made. Another coordinator must approve it."))
            return redirect("compensation:payout", slug=slug, batch_id=made.id)
        preview = queries.preview(
            study=study,
            currency=form.cleaned_data["currency"],
            channel=form.cleaned_data["channel"],
            threshold=form.cleaned_data["threshold_minor"],
        )
    context = {"form": form, "preview": preview, "owed": owed}
    return render(
        request, "compensation/new_payout.html", context, status=400 if form.errors else 200
    )


def _make(request: StudyRequest, form: BatchForm) -> PayoutBatch | None:
    asked = form.cleaned_data
    try:
        return payouts.make_batch(
            actor=request.actor,
            study=request.member.study,
            currency=asked["currency"],
            channel=asked["channel"],
            threshold_minor=asked["threshold_minor"],
            payer_name=asked["payer_name"],
            payer_iban=asked["payer_iban"],
        )
    except (Invalid, Conflict) as refusal:
        explain(form, refusal)
        return None


@page(SEE_PAY)
@never_cache
@require_safe
def batch(request: StudyRequest, slug: str, batch_id: uuid.UUID) -> HttpResponse:
    """Show a batch: its state, its totals, who is in it, and the one next step."""
    found = queries.batch_in(study_id=request.member.study_id, batch_id=batch_id)
    return render(request, "compensation/payout.html", _context(request, found))


def _context(request: StudyRequest, found: PayoutBatch) -> dict[str, object]:
    member = request.member
    drafted = found.state == BatchState.DRAFTED
    shown = Paginator(queries.payouts_of(batch=found), PAYOUTS_A_PAGE).get_page(
        request.GET.get("page")
    )
    said = queries.failures_of(payouts=shown)
    pays = member.has_role(*PAY_OUT.roles)
    both = (found.made_by_id, found.approved_by_id)
    problem = queries.why_not_approve(member=member, batch=found) if pays and drafted else None
    return {
        "batch": found,
        "progress": queries.progress_of(batch=found),
        "ready": queries.ready(batch=found) if drafted else None,
        "page": shown,
        "rows": [(payout, said.get(payout.id, "")) for payout in shown],
        "pays": pays,
        "not_approved_by": problem,
        "may_approve": pays and drafted and problem is None,
        "may_cancel": pays and found.state in (BatchState.DRAFTED, BatchState.APPROVED),
        "may_read": pays and member.id in both,
        "results": ResultsForm() if pays and found.state == BatchState.SENT else None,
        "by_hand": found.channel in (Channel.CASH, Channel.VOUCHER),
    }


@page(PAY_OUT)
@require_POST
def approve(request: StudyRequest, slug: str, batch_id: uuid.UUID) -> HttpResponse:
    """Approve a batch that pays what the approver saw."""
    found = queries.batch_in(study_id=request.member.study_id, batch_id=batch_id)
    payouts.approve(
        actor=request.actor,
        batch=found,
        count=_seen(request, "count"),
        total_minor=_seen(request, "total_minor"),
    )
    messages.success(request, _("Approved. The file is ready to download."))
    return redirect("compensation:payout", slug=slug, batch_id=batch_id)


def _seen(request: StudyRequest, name: str) -> int:
    """Return a number that the form carries; 0, which no batch has, if it is none."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


@page(PAY_OUT)
@never_cache
@require_http_methods(["GET", "POST"])
def cancel(request: StudyRequest, slug: str, batch_id: uuid.UUID) -> HttpResponse:
    """Ask, then cancel a batch that was not sent."""
    found = queries.batch_in(study_id=request.member.study_id, batch_id=batch_id)
    if request.method == "POST":
        payouts.cancel(actor=request.actor, batch=found)
        messages.success(request, _("Cancelled. Nobody was paid by this batch."))
        return redirect("compensation:payout", slug=slug, batch_id=batch_id)
    question = Question(
        heading=_("Cancel this batch?"),
        points=[
            _("Nobody is paid by it. Everybody is still owed the same."),
            _("You cannot undo this. You can make a new batch."),
        ],
        button=_("Cancel the batch"),
        back=reverse("compensation:payout", kwargs={"slug": slug, "batch_id": batch_id}),
    )
    return ask_first(request, question)


@page(PAY_OUT)
@never_cache
@require_POST
def file(request: StudyRequest, slug: str, batch_id: uuid.UUID) -> HttpResponse:
    """Hand the file to its maker or approver. The first time marks the batch as sent."""
    found = queries.batch_in(study_id=request.member.study_id, batch_id=batch_id)
    stored, content = payouts.hand_out(actor=request.actor, batch=found)
    xml = found.channel == Channel.SEPA
    answer = HttpResponse(
        content, content_type="application/xml" if xml else "text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = content_disposition_header(True, stored.name) or ""
    return answer


@page(PAY_OUT, files=True)
@never_cache
@require_POST
def results(request: StudyRequest, slug: str, batch_id: uuid.UUID) -> HttpResponse:
    """Import a file of results, all of it or nothing."""
    found = queries.batch_in(study_id=request.member.study_id, batch_id=batch_id)
    form = ResultsForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            moved = payout_results.import_results(
                actor=request.actor,
                batch=found,
                content=form.cleaned_data["file"].read(MOST_BYTES + 1),
            )
        except Invalid as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("Imported. Payouts that changed: %(n)d.") % {"n": moved})
            return redirect("compensation:payout", slug=slug, batch_id=batch_id)
    context = _context(request, found) | {"results": form}
    return render(request, "compensation/payout.html", context, status=400)
