"""The review of work by sample, for the coordinators of a study."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from codesign.compensation.models import Leg
from codesign.compensation.permissions import REVIEW_WORK, SEE_REVIEW
from codesign.compensation.queries import reviews as queries
from codesign.compensation.registry import REVIEWED_WORK
from codesign.compensation.rules.rejections import AUTO_APPROVAL
from codesign.compensation.services import approvals
from codesign.shared.errors import NotPermitted
from codesign.shared.sent_values import time_or_none, uuid_or_none
from codesign.studies.permissions import StudyRequest, page


@page(SEE_REVIEW)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: StudyRequest, slug: str) -> HttpResponse:
    """Show a random sample of the work that waits, and approve it or all that waits."""
    decides = request.member.has_role(*REVIEW_WORK.roles)
    if request.method == "POST":
        if not decides:
            raise NotPermitted(_("You can view this page but not change anything."))
        return _approve(request, slug)
    study_id = request.member.study_id
    context = {
        "waiting": queries.waiting(study_id=study_id),
        "sample": [(leg, _page_of(slug, leg)) for leg in queries.sample(study_id=study_id)],
        "days": AUTO_APPROVAL.days,
        "decides": decides,
    }
    return render(request, "compensation/review.html", context)


def _approve(request: StudyRequest, slug: str) -> HttpResponse:
    everything = request.POST.get("do") == "all"
    until = time_or_none(request.POST.get("until", "")) if everything else None
    transfers = [id for one in request.POST.getlist("transfer") if (id := uuid_or_none(one))]
    n = 0
    if until or not everything:
        n = approvals.approve_credits(
            actor=request.actor, study=request.member.study, transfers=transfers, until=until
        )
    if n:
        words = ngettext("Approved %(n)s piece of work.", "Approved %(n)s pieces of work.", n)
        messages.success(request, words % {"n": n})
    else:
        messages.info(request, _("Nothing to approve: somebody has decided on this already."))
    return redirect("compensation:review", slug=slug)


def _page_of(slug: str, leg: Leg) -> str:
    """Return the address at which the staff reads this work, or "" if it has none."""
    transfer = leg.transfer
    if transfer.about_kind not in REVIEWED_WORK:
        return ""
    return REVIEWED_WORK.get(transfer.about_kind).page(slug, transfer.about_id)
