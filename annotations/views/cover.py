"""The content note before a text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.forms import words
from annotations.models import Assignment, Prompt
from annotations.queries import assignments as queries
from annotations.queries import sittings, topics
from annotations.rules.states import SkipReason
from annotations.rules.topics import needs_note
from codesign.studies.permissions import StudyRequest


def cover(
    request: StudyRequest,
    assignment: Assignment,
    *,
    inputs: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Show the content note alone. The text comes with the next request, if the person wants it.

    A page of its own, because it needs no script, and no text is in it that a screen reader or a
    search in the page could come upon. After a refusal, it also says what is wrong, and keeps the
    note of the skip.
    """
    shown = queries.shown(actor=request.actor, assignment=assignment)
    prompt = shown["prompt"]
    context = {
        "shown": shown,
        "asked": topics.asked_about(
            actor=request.actor, member=assignment.member, topics=prompt["topics"]
        ),
        "sitting": sittings.sitting_of(actor=request.actor, assignment=assignment).done + 1,
        "intensity": words.INTENSITIES[prompt["intensity"]],
        "skips": SkipReason.choices,
        "skip_note": inputs.get("skip_note", ""),
        "refused": (errors or {}).get("", ""),
    }
    status = 422 if errors else 200
    return render(request, "annotations/cover.html", context, status=status)


def opens(request: HttpRequest) -> bool:
    """Return whether the reader chose “Show the text”."""
    return "open" in request.GET


def covered_for(request: StudyRequest, prompts: Iterable[Prompt]) -> frozenset[uuid.UUID]:
    """Return the ids of those prompts that are covered for the reader until they open them.

    Those are heavy, or have a topic that the reader does not want (standards 4.14).
    """
    unwanted = topics.unwanted(actor=request.actor, member=request.member)
    return frozenset(
        prompt.id
        for prompt in prompts
        if needs_note(
            intensity=prompt.intensity, asked_first=not unwanted.isdisjoint(prompt.topics)
        )
    )
