"""Reading model versions."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from annotations.rules.states import ReleaseState
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.lookups import Asked, matching
from codesign.studies.permissions import studies_where
from modelhub.models import ModelVersion
from modelhub.permissions import SEE_MODELS
from modelhub.rules.states import ModelKind

GENERATES = (ModelKind.EMBEDDED, ModelKind.ADAPTER)


def versions_of(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """The models of a study and those that come with the platform, newest first."""
    return (
        ModelVersion.objects.of_study(study_id)
        .select_related("parent", "made_by")
        .annotate(runs_here=Count("generation_runs", filter=Q(generation_runs__study_id=study_id)))
        .order_by("-created_at", "id")
    )


def writers_of(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """Those of them that can write responses."""
    return versions_of(study_id=study_id).filter(kind__in=GENERATES)


def able_to_write(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """Those of them that may be asked to: what they learnt from was not taken back."""
    return writers_of(study_id=study_id).exclude(id__in=taken_back(study_id=study_id))


def taken_back(*, study_id: uuid.UUID) -> set[uuid.UUID]:
    """Models of a study that learnt, themselves or through a parent, what was taken back since."""
    trained = ModelVersion.objects.filter(study_id=study_id)
    learnt = trained.filter(training_run__release__state=ReleaseState.SUPERSEDED)
    new = set(learnt.values_list("id", flat=True))
    found: set[uuid.UUID] = set()
    while new:
        found |= new
        new = set(trained.filter(parent__in=new).values_list("id", flat=True)) - found
    return found


def trained_folders() -> list[Path]:
    """Where the weights of all trained models lie, of every study; for a backup."""
    trained = ModelVersion.objects.filter(kind=ModelKind.ADAPTER).order_by("path")
    return [Path(settings.MODELS_DIR) / path for path in trained.values_list("path", flat=True)]


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


def able_version(*, study_id: uuid.UUID, wanted: str) -> ModelVersion:
    """The model of that name or id that can write for this study; the service says if it may."""
    for version in writers_of(study_id=study_id):
        if wanted in (version.name, str(version.id)):
            return version
    sentence = "There is no model of that name or id that can write here."
    raise Invalid(sentence, {"model": [sentence]})


def versions_seen(*, actor: Actor) -> QuerySet[ModelVersion]:
    """The models of every study in which the actor may see them, and those for all studies."""
    studies = studies_where(actor, SEE_MODELS)
    return (
        ModelVersion.objects.of_study(*studies)
        .select_related("study", "parent", "training_run__release")
        .order_by("-created_at", "-id")
    )


def versions_matching(*, actor: Actor, asked: Asked) -> QuerySet[ModelVersion]:
    """Those of a kind, of one study or made since a moment, as far as these are given."""
    wanted = matching(asked, kind="kind", study="study__slug", since="created_at__gte")
    return versions_seen(actor=actor).filter(wanted)


def named(*, actor: Actor, wanted: str) -> QuerySet[ModelVersion]:
    """The models of that name or id that the actor may see, at least one.

    Raises Invalid where there is none: a typo is no empty list.
    """
    try:
        condition = Q(id=uuid.UUID(wanted))
    except ValueError:
        condition = Q(name=wanted)
    found = versions_seen(actor=actor).filter(condition)
    if not found.exists():
        raise Invalid("There is no such model for you.", {"model": ["Unknown model."]})
    return found


def version_with_lineage(
    *, actor: Actor, model_id: uuid.UUID
) -> tuple[ModelVersion, list[ModelVersion]]:
    """One of them and its ancestors, the parent first; two queries."""
    seen = versions_seen(actor=actor)
    found = seen.filter(id=model_id).first()
    if found is None:
        raise NotFound
    family = {one.id: one for one in seen}
    lineage, parent = [], family.get(found.parent_id) if found.parent_id else None
    while parent is not None:
        lineage.append(parent)
        parent = family.get(parent.parent_id) if parent.parent_id else None
    return found, lineage


def names_behind(version: ModelVersion) -> list[str]:
    """Its own name and those of all that it was trained from: what its texts must not say."""
    names = [version.name]
    parent = version.parent
    while parent is not None:
        names.append(parent.name)
        parent = parent.parent
    return names
