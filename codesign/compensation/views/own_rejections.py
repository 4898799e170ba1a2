"""A person's own work that was not accepted, and their appeal."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.compensation.forms.rejections import AppealForm
from codesign.compensation.permissions import SEE_OWN_PAY
from codesign.compensation.queries import rejections as queries
from codesign.compensation.rules.rejections import ANSWER_WITHIN, appeal_problem
from codesign.compensation.services import appeals
from codesign.shared.errors import Invalid
from codesign.studies.permissions import StudyRequest, page


@page(SEE_OWN_PAY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: StudyRequest, slug: str, rejection_id: uuid.UUID) -> HttpResponse:
    """Show what was not accepted and why, and take an appeal."""
    member = request.member
    found = queries.one_of_person(actor=request.actor, member=member, rejection_id=rejection_id)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            appeals.appeal(
                actor=request.actor,
                study=member.study,
                rejection_id=rejection_id,
                text=form.cleaned_data["text"],
            )
        except Invalid as refusal:
            for name, problems in refusal.fields.items():
                form.add_error(name, problems)
        else:
            messages.success(request, _("Your appeal is sent. We write to you when it is decided."))
            return redirect("compensation:own-rejection", slug=slug, rejection_id=rejection_id)
    rejection = found.rejection
    closed = appeal_problem(
        state=rejection.state, confirmed_at=rejection.confirmed_at, now=timezone.now()
    )
    context = {
        "shown": found,
        "rejection": rejection,
        "can_appeal": found.appeal is None and closed is None,
        "form": form,
        "answer_days": ANSWER_WITHIN.days,
    }
    status = 400 if form.errors else 200
    return render(request, "compensation/own_rejection.html", context, status=status)
