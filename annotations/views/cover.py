"""The content note before a text."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from annotations.forms import words
from annotations.models import Assignment
from annotations.queries import assignments as queries
from annotations.queries import sittings, topics
from annotations.rules.states import SkipReason
from codesign.studies.permissions import StudyRequest


def cover(request: StudyRequest, assignment: Assignment) -> HttpResponse:
    """Show the content note alone. The text comes with the next request, if the person wants it.

    A page of its own, because it needs no script, and no text is in it that a screen reader or a
    search in the page could come upon.
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
    }
    return render(request, "annotations/cover.html", context)
