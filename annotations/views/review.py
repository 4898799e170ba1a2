"""Reviewing rewrites and flags, one after another."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotations.forms import words
from annotations.permissions import REVIEW
from annotations.queries import review as queries
from annotations.queries.review import Item, Kind
from annotations.rules import diff
from annotations.rules.states import FLAG_STATES, REWRITE_STATES, FlagState, RewriteState
from annotations.services import review as service
from codesign.studies.permissions import StudyRequest, page

KEYS = {
    RewriteState.ACCEPTED: ("a", words.DECIDE[RewriteState.ACCEPTED]),
    RewriteState.HELD_BACK: ("h", words.DECIDE[RewriteState.HELD_BACK]),
    FlagState.UPHELD: ("u", words.DECIDE[FlagState.UPHELD]),
    FlagState.DISMISSED: ("d", words.DECIDE[FlagState.DISMISSED]),
}


@never_cache
@require_safe
@page(REVIEW)
def review(request: StudyRequest, slug: str) -> HttpResponse:
    """The next rewrite or flag that waits."""
    kind = _kind(request.GET.get("kind"))
    study = request.member.study
    counts = queries.counts(actor=request.actor, study_id=study.id)
    if "kind" not in request.GET and not counts.rewrites and counts.flags:
        kind = Kind.FLAGS
    item = queries.next_waiting(
        actor=request.actor, study_id=study.id, kind=kind, after=_uuid(request.GET.get("after"))
    )
    context = {
        "kind": kind,
        "counts": counts,
        "left": counts.of(kind),
        "item": _shown(item) if item else None,
        "focus": "on" in request.GET,
    }
    return render(request, "annotations/review.html", context)


@never_cache
@require_safe
@page(REVIEW)
def decided(request: StudyRequest, slug: str) -> HttpResponse:
    """What was decided last: each can be decided again."""
    study = request.member.study
    items = queries.decided(actor=request.actor, study_id=study.id)
    context = {
        "counts": queries.counts(actor=request.actor, study_id=study.id),
        "items": [_shown(item) for item in items],
    }
    return render(request, "annotations/decided.html", context)


@require_POST
@page(REVIEW)
def decide(request: StudyRequest, slug: str, kind: str, item_id: uuid.UUID) -> HttpResponse:
    """Decide, and go on to the next."""
    kind = _kind(kind)
    study = request.member.study
    item = queries.item(actor=request.actor, study_id=study.id, kind=kind, item_id=item_id)
    if item is None:
        raise Http404
    _decide(request, item)
    if request.POST.get("back") == "decided":
        return redirect("annotations:review-decided", slug=slug)
    query = QueryDict(mutable=True)
    query.update({"kind": kind, "after": str(item.id), "on": "1"})
    return redirect(f"{reverse('annotations:review', kwargs={'slug': slug})}?{query.urlencode()}")


def _decide(request: StudyRequest, item: Item) -> None:
    service.decide(
        actor=request.actor,
        kind=item.kind,
        item_id=item.id,
        state=request.POST.get("state", ""),
        note=request.POST.get("note", "").strip(),
        seen=request.POST.get("seen"),
    )


def _shown(item: Item) -> dict[str, object]:
    rewrites = item.kind is Kind.REWRITES
    table = REWRITE_STATES if rewrites else FLAG_STATES
    before, after = diff.compare(item.reply, item.rewrite) if rewrites else ([], [])
    return {
        "item": item,
        "before": before,
        "after": after,
        "harm": words.HARMS.get(item.harm, ""),
        "severity": words.SEVERITIES.get(item.severity, ""),
        "state": (words.REWRITE_STATES if rewrites else words.FLAG_STATES)[item.state],
        "choices": [
            {"state": state, "key": key, "words": said}
            for state, (key, said) in KEYS.items()
            if table.allows(item.state, state)
        ],
    }


def _kind(value: str | None) -> Kind:
    return Kind.FLAGS if value == Kind.FLAGS else Kind.REWRITES


def _uuid(value: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if value else None
    except ValueError:
        return None
