"""Downloads of trained models, and the deletion of copies after a withdrawal."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from codesign.shared.downloads import tar_response
from codesign.studies.permissions import StudyRequest, page
from modelhub.permissions import EXPORT
from modelhub.queries.training import model_of
from modelhub.services import exported, exporting


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


@page(EXPORT)
@require_POST
def deleted(request: StudyRequest, slug: str, model_id: uuid.UUID) -> HttpResponse:
    """Confirm that one's copies of a model with withdrawn data are deleted."""
    version = model_of(actor=request.actor, study=request.member.study, model_id=model_id)
    exported.confirm_deleted(actor=request.actor, version=version)
    messages.success(request, _("Thank you for confirming that your copies are deleted."))
    return redirect("modelhub:model", slug=slug, model_id=version.id)
