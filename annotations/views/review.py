"""Pages to review rewrites and flags, one after another."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.forms import words
from annotations.permissions import REVIEW, SEE_DECISIONS
from annotations.queries import review as queries
from annotations.queries import topics
from annotations.queries.load import rest_is_due_in_review
from annotations.queries.review import Item, Kind
from annotations.rules import diff
from annotations.rules.model_markup import readable
from annotations.rules.own_texts import Source
from annotations.rules.states import FLAG_STATES, REWRITE_STATES, FlagState, Harm, RewriteState
from annotations.rules.texts import same_words
from annotations.services import review as service
from annotations.services import review_access
from annotations.views.support import carried, carry_on, note_sent, offer_support
from codesign.shared.errors import Conflict, Invalid, Refusal
from codesign.shared.keyset import page_of
from codesign.shared.sent_values import uuid_or_none
from codesign.studies.permissions import StudyRequest, page

DECIDED_A_PAGE = 30

KEYS = {
    RewriteState.ACCEPTED: ("a", words.DECIDE[RewriteState.ACCEPTED]),
    RewriteState.HELD_BACK: ("h", words.DECIDE[RewriteState.HELD_BACK]),
    RewriteState.SENT_BACK: ("s", words.DECIDE[RewriteState.SENT_BACK]),
    FlagState.UPHELD: ("u", words.DECIDE[FlagState.UPHELD]),
    FlagState.DISMISSED: ("d", words.DECIDE[FlagState.DISMISSED]),
}


@never_cache
@require_safe
@page(REVIEW)
def review(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the next waiting rewrite or flag. HEAD requests do not count as reading."""
    if request.method == "HEAD":
        return HttpResponse()
    carried(request)
    kind = _kind(request.GET.get("kind"))
    study = request.member.study
    counts = queries.counts(actor=request.actor, study_id=study.id)
    if "kind" not in request.GET and counts.flags:
        kind = Kind.FLAGS
    item = review_access.next_waiting(
        actor=request.actor, study=study, kind=kind, after=uuid_or_none(request.GET.get("after"))
    )
    context = {
        "kind": kind,
        "counts": counts,
        "left": counts.of(kind),
        "item": _shown(item) if item else None,
        "covered": item is not None and item.is_covered(unwanted=unwanted_by(request)),
        "intensity": words.INTENSITIES[item.intensity] if item else "",
        "next": _next_address(study.slug, item) if item else "",
        "focus": "on" in request.GET,
        "rest": "on" in request.GET and rest_is_due_in_review(request.member),
        "judges": request.member.judges,
    }
    return render(request, "annotations/review.html", context)


@never_cache
@require_safe
@page(SEE_DECISIONS)
def decided(request: StudyRequest, slug: str) -> HttpResponse:
    """List the decided items, the newest first, with links to change the decisions."""
    if request.method == "HEAD":
        return HttpResponse()
    carried(request)
    study = request.member.study
    shown = page_of(
        queries.decisions(actor=request.actor, study_id=study.id),
        by=queries.NEWEST,
        asked=request.GET,
        size=DECIDED_A_PAGE,
    )
    rows = review_access.decided(actor=request.actor, study=study, decisions=shown.object_list)
    context = {
        "counts": queries.counts(actor=request.actor, study_id=study.id),
        "page": shown,
        "reviews": request.member.has_role(*REVIEW.roles),
        "rows": rows_of(request, rows),
    }
    return render(request, "annotations/decided.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page(REVIEW)
def decide(request: StudyRequest, slug: str, kind: str, item_id: uuid.UUID) -> HttpResponse:
    """Show an item, decided or not. After a decision, go to the next one."""
    if request.method == "HEAD":
        return HttpResponse()
    kind = _kind(kind)
    item = _item(request, kind, item_id)
    if request.method != "POST":
        return _one(request, item)
    try:
        _decide(request, item)
    except (Conflict, Invalid) as refusal:
        return _one(request, _item(request, kind, item_id), refusal)
    carry_on(request)
    if request.POST.get("back") == "decided":
        return redirect("annotations:review-decided", slug=slug)
    return redirect(_next_address(slug, item))


@require_POST
@page(REVIEW)
def instead(request: StudyRequest, slug: str) -> HttpResponse:
    """Review an item that was kept back, and give up judging its prompt."""
    kind = _kind(request.POST.get("kind"))
    try:
        item = review_access.instead_of_judging(
            actor=request.actor, study=request.member.study, kind=kind
        )
    except Conflict as refusal:
        messages.warning(request, refusal.title)
    else:
        kind = item.kind
    return redirect(f"{reverse('annotations:review', kwargs={'slug': slug})}?kind={kind}&on=1")


def _item(request: StudyRequest, kind: Kind, item_id: uuid.UUID) -> Item:
    study = request.member.study
    item = review_access.one(actor=request.actor, study=study, kind=kind, item_id=item_id)
    if item is None:
        raise Http404
    return item


def _one(request: StudyRequest, item: Item, refusal: Refusal | None = None) -> HttpResponse:
    """Show the item in its current state; after a refusal, with the typed note and the error.

    A heavy text, or one with a topic that the reader does not want, is covered at first. With `on`
    in the address, the next one follows a decision.
    """
    study = request.member.study
    in_turn = "on" in request.GET
    opened = request.method == "POST" or "open" in request.GET
    covered = not opened and item.is_covered(unwanted=unwanted_by(request))
    context = {
        "kind": item.kind,
        "counts": queries.counts(actor=request.actor, study_id=study.id),
        "item": _shown(item),
        "covered": covered,
        "intensity": words.INTENSITIES[item.intensity],
        "one": True,
        "in_turn": in_turn,
        "refusal": refusal,
        "note": request.POST.get("note", ""),
        "back": request.POST.get("back", "" if refusal or in_turn else "decided"),
        "next": _next_address(study.slug, item),
        "focus": False,
        "judges": request.member.judges,
    }
    status = refusal.status if refusal else 200
    return render(request, "annotations/review.html", context, status=status)


def _next_address(slug: str, item: Item) -> str:
    query = QueryDict(mutable=True)
    query.update({"kind": item.kind, "after": str(item.id), "on": "1"})
    return f"{reverse('annotations:review', kwargs={'slug': slug})}?{query.urlencode()}"


def _decide(request: StudyRequest, item: Item) -> None:
    offer_support(request, [request.POST.get("note", "")])
    service.decide(
        actor=request.actor,
        kind=item.kind,
        item_id=item.id,
        state=request.POST.get("state", ""),
        note=request.POST.get("note", ""),
        seen=request.POST.get("seen"),
    )
    note_sent(
        request,
        source=Source.REVIEW,
        about=queries.decisions_on(actor=request.actor, kind=item.kind, item_id=item.id),
    )


def unwanted_by(request: StudyRequest) -> frozenset[str]:
    """Return the topics of which texts are covered for the reader."""
    return topics.unwanted(actor=request.actor, member=request.member)


def rows_of(request: StudyRequest, items: Iterable[Item]) -> list[dict[str, object]]:
    """Return the values of the rows in a list of items. The text of covered ones is not shown."""
    unwanted = unwanted_by(request)
    return [_row(item, unwanted) for item in items]


def _row(item: Item, unwanted: frozenset[str]) -> dict[str, object]:
    asked = (turn["content"] for turn in item.messages if turn["role"] == "user")
    return {
        "item": item,
        "asked": next(asked, ""),
        "covered": item.is_covered(unwanted=unwanted),
        **_words(item),
    }


def _words(item: Item) -> dict[str, object]:
    states = RewriteState if item.kind is Kind.REWRITES else FlagState
    return {
        "harm": Harm(item.harm).label if item.harm else "",
        "severity": words.SEVERITIES.get(item.severity, ""),
        "state": states(item.state).label,
    }


def _shown(item: Item) -> dict[str, object]:
    rewrites = item.kind is Kind.REWRITES
    table = REWRITE_STATES if rewrites else FLAG_STATES
    reply = readable(item.reply).text
    before, after = diff.compare(reply, item.rewrite) if rewrites else ([], [])
    return {
        "item": item,
        "reply": reply,
        "same_words": rewrites and same_words(reply, item.rewrite),
        "rewritten_anew": rewrites and diff.little_in_common(before, after),
        "before": before,
        "after": after,
        **_words(item),
        "choices": [
            {"state": state, "key": key, "words": label}
            for state, (key, label) in KEYS.items()
            if table.allows(item.state, state)
        ],
    }


def _kind(value: str | None) -> Kind:
    return Kind.FLAGS if value == Kind.FLAGS else Kind.REWRITES
