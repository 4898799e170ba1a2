"""Reading model versions."""

from __future__ import annotations

import uuid

from django.db.models import Count, Q, QuerySet

from codesign.shared.errors import Invalid, NotFound
from modelhub.models import ModelVersion
from modelhub.rules.states import ModelKind

GENERATES = (ModelKind.EMBEDDED, ModelKind.ADAPTER)


def versions_of(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """The models of a study and those that come with the platform, newest first."""
    return (
        ModelVersion.objects.filter(Q(study_id=study_id) | Q(study=None))
        .select_related("parent", "made_by")
        .annotate(runs_here=Count("generation_runs", filter=Q(generation_runs__study_id=study_id)))
        .order_by("-created_at", "id")
    )


def able_to_write(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """Those of them that can write responses."""
    return versions_of(study_id=study_id).filter(kind__in=GENERATES)


def version_named(*, study_id: uuid.UUID, name: str) -> ModelVersion:
    """The model of that name that can write for this study; else a refusal that says why not."""
    found = list(versions_of(study_id=study_id).filter(name=name))
    for version in found:
        if version.kind in GENERATES:
            return version
    if found:
        raise Invalid(f"{name} is known from imported responses alone and cannot write.")
    names = sorted(able_to_write(study_id=study_id).values_list("name", flat=True))
    raise NotFound(f"There is no model called {name}. There is: {', '.join(names) or 'none yet'}.")
