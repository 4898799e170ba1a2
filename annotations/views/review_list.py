"""The review as a list, the worst first, with filters and decisions on several items at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.forms import words
from annotations.forms.review_list import LISTED_A_PAGE, ChosenForm, ReviewFilterForm
from annotations.permissions import REVIEW
from annotations.queries import review as queries
from annotations.queries.review import Kind
from annotations.rules.states import FlagState, RewriteState
from annotations.services import review as service
from annotations.services import review_access
from annotations.views.review import rows_of
from annotations.views.support import carried
from codesign.shared.errors import Invalid
from codesign.shared.keyset import page_of
from codesign.shared.pages import Question, ask_first
from codesign.shared.sent_values import uuid_or_none
from codesign.studies import queries as studies
from codesign.studies.permissions import StudyRequest, page

FOR_ALL: dict[Kind, Sequence[RewriteState | FlagState]] = {
    Kind.REWRITES: (RewriteState.ACCEPTED, RewriteState.HELD_BACK),
    Kind.FLAGS: (FlagState.UPHELD, FlagState.DISMISSED),
}
"""Decisions that need no note."""


@never_cache
@require_safe
@page(REVIEW)
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List what waits or was decided. HEAD requests do not count as reading."""
    if request.method == "HEAD":
        return HttpResponse()
    carried(request)
    study = request.member.study
    counts = queries.counts(actor=request.actor, study_id=study.id)
    kind = _kind(request.GET.get("kind", Kind.FLAGS if counts.flags else Kind.REWRITES))
    form = ReviewFilterForm(
        {**request.GET.dict(), "kind": kind},
        kind=kind,
        languages=queries.languages(study_id=study.id, kind=kind),
        cohorts=studies.cohorts_of(study_id=study.id),
    )
    wanted = form.wanted
    rows = queries.listed(actor=request.actor, study_id=study.id, kind=kind, **wanted)
    shown = page_of(rows, by=queries.WORST_FIRST[kind], asked=request.GET, size=LISTED_A_PAGE)
    items = review_access.listed(
        actor=request.actor, study=study, kind=kind, ids=[row.id for row in shown]
    )
    context = {
        "kind": kind,
        "counts": counts,
        "form": form,
        "page": shown,
        "rows": rows_of(request, items),
        "choices": [] if wanted["state"] else [(one, words.DECIDE[one]) for one in FOR_ALL[kind]],
    }
    return render(request, "annotations/review_list.html", context)


@never_cache
@require_POST
@page(REVIEW)
def decide_all(request: StudyRequest, slug: str) -> HttpResponse:
    """Ask, then decide on the chosen items."""
    study = request.member.study
    kind = _kind(request.POST.get("kind", ""))
    back = f"{reverse('annotations:review-list', kwargs={'slug': slug})}?kind={kind}"
    state = request.POST.get("state", "")
    sent = [
        one for text in request.POST.getlist("item")[:LISTED_A_PAGE] if (one := uuid_or_none(text))
    ]
    chosen = [
        item.id
        for item in queries.items_listed(
            actor=request.actor, study_id=study.id, kind=kind, ids=sent
        )
    ]
    if not chosen or state not in FOR_ALL[kind]:
        messages.warning(request, _("Choose at least one item and a decision."))
        return redirect(back)
    if "confirmed" not in request.POST:
        return _ask(request, kind, state, chosen, back)
    try:
        done, left = service.decide_all(
            actor=request.actor, kind=kind, item_ids=chosen, state=state
        )
    except Invalid as refusal:
        messages.warning(request, refusal.title)
        return redirect(back)
    decided = ngettext("Decided on %(n)s item.", "Decided on %(n)s items.", done)
    messages.success(request, decided % {"n": done})
    if left:
        unchanged = ngettext(
            "%(n)s item was changed by somebody else in the meantime.",
            "%(n)s items were changed by somebody else in the meantime.",
            left,
        )
        messages.warning(request, unchanged % {"n": left})
    return redirect(back)


def _ask(
    request: StudyRequest, kind: Kind, state: str, chosen: Sequence[uuid.UUID], back: str
) -> HttpResponse:
    """Show what the decision does to how many items, with a button that decides."""
    heading = ngettext("%(decision)s: %(n)s item?", "%(decision)s: %(n)s items?", len(chosen))
    what = {
        RewriteState.ACCEPTED: _("They can become training data if their authors agreed to that."),
        RewriteState.HELD_BACK: _("They never become training data."),
        FlagState.UPHELD: _("The replies never become training data."),
        FlagState.DISMISSED: _("The reports no longer keep the replies out of training data."),
    }
    question = Question(
        heading=heading % {"decision": words.DECIDE[state], "n": len(chosen)},
        points=[what[state], _("You can change each decision later under “Decided”.")],  # type: ignore[index]
        button=str(words.DECIDE[state]),
        back=back,
    )
    fields = {"kind": kind, "state": state, "item": [str(one) for one in chosen]}
    return ask_first(request, question, ChosenForm(initial=fields | {"confirmed": "yes"}))


def _kind(value: str) -> Kind:
    return Kind.FLAGS if value == Kind.FLAGS else Kind.REWRITES
