"""The page that lists the models of a study."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.studies.permissions import StudyRequest, page
from modelhub.permissions import RUN_GENERATION, SEE_MODELS
from modelhub.queries import versions as queries
from modelhub.rules.states import GENERATES, ModelKind

MODELS_A_PAGE = 50


@page(SEE_MODELS)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the models of a study and the shared models, newest first."""
    versions = Paginator(
        queries.versions_of(study_id=request.member.study_id), MODELS_A_PAGE
    ).get_page(request.GET.get("page"))
    context = {
        "page": versions,
        "rows": [
            {
                "version": version,
                "kind": ModelKind(version.kind).label,
                "writes": version.kind in GENERATES,
            }
            for version in versions
        ],
        "may_start": request.member.has_role(*RUN_GENERATION.roles),
    }
    return render(request, "modelhub/models.html", context)
