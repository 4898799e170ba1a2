"""One piece of finished work, for the staff who review pay."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotations.forms import judging, words
from annotations.forms.judging_form import judging_form
from annotations.permissions import SEE_JUDGEMENTS
from annotations.queries import work as queries
from annotations.views.cover import covered_for, opens
from codesign.studies.permissions import StudyRequest, page
from codesign.studies.rules import Role


@never_cache
@require_safe
@page(SEE_JUDGEMENTS)
def one(request: StudyRequest, slug: str, assignment_id: uuid.UUID) -> HttpResponse:
    """Show a prompt with its replies and what a person chose, without what they wrote.

    A heavy text stays covered by its content note until the reader opens it (standards 4.14).
    """
    study_id = request.member.study_id
    assignment, shown = queries.one(study_id=study_id, assignment_id=assignment_id)
    clinical = assignment.member.has_role(Role.CLINICIAN)
    since = assignment.first_shown_at or assignment.leased_at
    context = {
        "assignment": assignment,
        "shown": shown,
        "took": assignment.ended_at and (assignment.ended_at - since).total_seconds(),
        "form": shown["draft"] and judging_form(shown, judging.inputs(shown), clinical=clinical),
        "covered": bool(covered_for(request, [assignment.prompt])) and not opens(request),
        "intensity": words.INTENSITIES[shown["prompt"]["intensity"]],
    }
    return render(request, "annotations/work.html", context)
