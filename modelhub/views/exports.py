"""Downloads of trained models."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from codesign.shared.downloads import tar_response
from codesign.studies.permissions import StudyRequest, page
from modelhub.permissions import EXPORT
from modelhub.queries.training import model_of
from modelhub.services import exporting


@page(EXPORT)
@never_cache
@require_safe
def download(request: StudyRequest, slug: str, model_id: uuid.UUID) -> HttpResponse:
    """Download a trained adapter with tokenizer, card, lineage and licence. It is recorded."""
    version = model_of(actor=request.actor, study=request.member.study, model_id=model_id)
    package = exporting.open_package(
        actor=request.actor, version=version, taken=request.method == "GET"
    )
    return tar_response(  # type: ignore[return-value]  # a page may stream, its type says not
        package.name, package.files
    )
