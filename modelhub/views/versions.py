"""Pages that list the models of a study, and register one."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codesign.jobs.pages import progress_part
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.forms import explain
from codesign.studies.permissions import StudyRequest, page
from modelhub.forms.registering import ABOUT, RegisterForm, places_of
from modelhub.permissions import REGISTER_MODEL, RUN_GENERATION, SEE_MODELS
from modelhub.queries import versions as queries
from modelhub.queries.training import model_of
from modelhub.rules.registering import CAN_REGISTER, PLACES
from modelhub.rules.states import ModelKind, ModelState
from modelhub.rules.words import model_uses
from modelhub.services import registering
from modelhub.services.versions import ensure_embedded_model
from modelhub.views.model_cards import check_card

MODELS_A_PAGE = 50


@page(SEE_MODELS)
@never_cache
@require_safe
def listed(request: StudyRequest, slug: str) -> HttpResponse:
    """List the models of a study and the shared models, newest first."""
    withdrawn = queries.with_withdrawn_data(study_id=request.member.study_id)
    versions = Paginator(
        queries.versions_of(study_id=request.member.study_id), MODELS_A_PAGE
    ).get_page(request.GET.get("page"))
    context = {
        "page": versions,
        "rows": [
            {
                "version": version,
                "kind": ModelKind(version.kind).label,
                "uses": model_uses(
                    kind=version.kind,
                    state=version.state,
                    withdrawn=version.id in withdrawn,
                ),
                "state": ModelState(version.state).label,
                "waits": version.state != ModelState.READY,
            }
            for version in versions
        ],
        "may_start": request.member.has_role(*RUN_GENERATION.roles),
        "may_register": request.member.has_role(*REGISTER_MODEL.roles),
    }
    return render(request, "modelhub/models.html", context)


@page(REGISTER_MODEL)
@never_cache
@require_safe
def choose(request: StudyRequest, slug: str) -> HttpResponse:
    """Show the kinds of models that the operator allows, and how to allow the others."""
    allowed = registering.allowed_here()
    kinds = {
        kind: {"kind": kind, "title": kind.label, "about": ABOUT[kind]} for kind in CAN_REGISTER
    }
    context = {
        "kinds": [row for kind, row in kinds.items() if places_of(kind, allowed)],
        "missing": [
            (example, [kinds[kind] for kind in needing])
            for example, needing in PLACES.items()
            if not places_of(needing[0], allowed)
        ],
    }
    return render(request, "modelhub/register_choose.html", context)


@page(REGISTER_MODEL)
@never_cache
@require_http_methods(["GET", "POST"])
def register(request: StudyRequest, slug: str, kind: str) -> HttpResponse:
    """Show and handle the form that registers a model of one kind."""
    if kind not in CAN_REGISTER:
        raise Http404
    chosen, study = ModelKind(kind), request.member.study
    ensure_embedded_model()
    form = RegisterForm(
        request.POST or None, study=study, kind=chosen, allowed=registering.allowed_here()
    )
    if form.is_bound and form.is_valid():
        try:
            version = registering.register_model(
                actor=request.actor,
                study=study,
                wanted=form.wanted(),
                base=form.cleaned_data.get("base"),
                version_id=form.cleaned_data["key"],
            )
        except (Invalid, Conflict) as refusal:
            explain(form, refusal)
        else:
            messages.success(request, _("The model is being checked. You can leave this page."))
            return redirect("modelhub:model", slug=slug, model_id=version.id)
    context = {"form": form, "title": chosen.label, "about": ABOUT[chosen]}
    status = 400 if form.errors else 200
    return render(request, "modelhub/register.html", context, status=status)


@page(SEE_MODELS)
@never_cache
@require_safe
def progress(request: StudyRequest, slug: str, model_id: uuid.UUID) -> HttpResponse:
    """Return the progress of a check, or reload the page when it has ended."""
    version = model_of(actor=request.actor, study=request.member.study, model_id=model_id)
    return progress_part(request, check_card(request, version))


@page(REGISTER_MODEL)
@require_POST
def cancel(request: StudyRequest, slug: str, model_id: uuid.UUID) -> HttpResponse:
    """Cancel the check of a model."""
    version = model_of(actor=request.actor, study=request.member.study, model_id=model_id)
    registering.cancel_check(actor=request.actor, version=version)
    messages.success(request, _("The check is cancelled. You can register the model again."))
    return redirect("modelhub:model", slug=slug, model_id=version.id)
