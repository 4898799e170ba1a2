"""Reads model versions."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from annotations.rules.states import ReleaseState
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.lookups import Asked, matching
from codesign.studies.permissions import studies_where
from modelhub.models import ModelVersion
from modelhub.permissions import SEE_MODELS
from modelhub.rules.states import BASES, GENERATES, ModelKind, ModelState

CHECK = "model_check"
"""The kind of job that checks a registered model."""


def version_of(*, version_id: uuid.UUID) -> ModelVersion:
    """Return a model with its study and its parent, for a worker."""
    return ModelVersion.objects.select_related("study", "parent").get(id=version_id)


def versions_of(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """Return the models of a study and the models shipped with Codesign, newest first."""
    return (
        ModelVersion.objects.of_study(study_id)
        .select_related("parent", "made_by")
        .annotate(runs_here=Count("generation_runs", filter=Q(generation_runs__study_id=study_id)))
        .order_by("-created_at", "id")
    )


def writers_of(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """Return the models that can write responses and have passed their check."""
    return versions_of(study_id=study_id).filter(kind__in=GENERATES, state=ModelState.READY)


def able_to_write(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """Return the models that may write responses: those without withdrawn training data."""
    return writers_of(study_id=study_id).exclude(id__in=with_withdrawn_data(study_id=study_id))


def with_withdrawn_data(*, study_id: uuid.UUID) -> set[uuid.UUID]:
    """Return models that learnt, directly or through a parent, from data withdrawn later."""
    trained = ModelVersion.objects.filter(study_id=study_id)
    learnt = trained.filter(training_run__release__state=ReleaseState.SUPERSEDED)
    new = set(learnt.values_list("id", flat=True))
    affected: set[uuid.UUID] = set()
    while new:
        affected |= new
        new = set(trained.filter(parent__in=new).values_list("id", flat=True)) - affected
    return affected


def trained_folders() -> list[Path]:
    """Return the folders with the weights of adapters in all studies, for a backup."""
    trained = ModelVersion.objects.ready().filter(kind=ModelKind.ADAPTER).order_by("path")
    return [Path(settings.MODELS_DIR) / path for path in trained.values_list("path", flat=True)]


def bases_for_adapters(*, study_id: uuid.UUID) -> QuerySet[ModelVersion]:
    """Return the models on which an adapter can be registered: ready, with weights here."""
    return versions_of(study_id=study_id).filter(kind__in=BASES, state=ModelState.READY)


def chosen_base_for_adapter(*, study_id: uuid.UUID | None, wanted: str) -> ModelVersion | None:
    """Return the base with that name or id, or None if none is asked for; raises Invalid.

    Without a study, only shared models are found.
    """
    if not wanted:
        return None
    shared = ModelVersion.objects.filter(study=None, kind__in=BASES, state=ModelState.READY)
    for version in bases_for_adapters(study_id=study_id) if study_id else shared:
        if wanted in (version.name, str(version.id)):
            return version
    sentence = _("There is no base with this name or id that is ready and has weights here.")
    raise Invalid(sentence, {"base": [sentence]})


def version_named(*, study_id: uuid.UUID, name: str) -> ModelVersion:
    """Return the model of that name that can write for this study; raises Invalid or NotFound."""
    versions = list(versions_of(study_id=study_id).filter(name=name))
    for version in versions:
        if version.kind in GENERATES:
            return version
    if versions:
        raise Invalid(
            _("%(name)s is only known from imported responses and cannot write.") % {"name": name}
        )
    names = sorted(able_to_write(study_id=study_id).values_list("name", flat=True))
    raise NotFound(
        _("There is no model called %(name)s. Available models: %(available)s.")
        % {"name": name, "available": ", ".join(names) or _("none yet")}
    )


def able_version(*, study_id: uuid.UUID, wanted: str) -> ModelVersion:
    """Return the model with that name or id, or raise Invalid. The service checks its data."""
    for version in writers_of(study_id=study_id):
        if wanted in (version.name, str(version.id)):
            return version
    sentence = _("No model with this name or id can write responses here.")
    raise Invalid(sentence, {"model": [sentence]})


def versions_seen(*, actor: Actor) -> QuerySet[ModelVersion]:
    """Return the models of all studies in which the actor may see models, and shared models."""
    studies = studies_where(actor, SEE_MODELS)
    return (
        ModelVersion.objects.of_study(*studies)
        .select_related("study", "parent", "training_run__release")
        .order_by("-created_at", "-id")
    )


def versions_matching(*, actor: Actor, asked: Asked) -> QuerySet[ModelVersion]:
    """Return the models that match the given filters: kind, state, study, since."""
    wanted = matching(
        asked, kind="kind", state="state", study="study__slug", since="created_at__gte"
    )
    return versions_seen(actor=actor).filter(wanted)


def named(*, actor: Actor, wanted: str) -> QuerySet[ModelVersion]:
    """Return the models with that name or id that the actor may see.

    Raises Invalid if there are none, so that a typo does not look like an empty list.
    """
    try:
        condition = Q(id=uuid.UUID(wanted))
    except ValueError:
        condition = Q(name=wanted)
    versions = versions_seen(actor=actor).filter(condition)
    if not versions.exists():
        raise Invalid(
            _("This model does not exist, or you do not have access to it."),
            {"model": [_("Unknown model.")]},
        )
    return versions


def version_with_lineage(
    *, actor: Actor, model_id: uuid.UUID
) -> tuple[ModelVersion, list[ModelVersion]]:
    """Return one model and its ancestors, the parent first, using two queries."""
    versions = versions_seen(actor=actor)
    model = versions.filter(id=model_id).first()
    if model is None:
        raise NotFound
    by_id = {version.id: version for version in versions}
    lineage, parent = [], by_id.get(model.parent_id) if model.parent_id else None
    while parent is not None:
        lineage.append(parent)
        parent = by_id.get(parent.parent_id) if parent.parent_id else None
    return model, lineage


def base_of(version: ModelVersion) -> ModelVersion:
    """Return the model whose own weights a model uses: itself, or the first base among ancestors.

    An adapter that was trained from another adapter replaces it, so only the base is loaded with
    it.
    """
    base: ModelVersion | None = version
    while base is not None and base.kind not in BASES:
        base = base.parent
    if base is None:
        raise Invalid(_("Codesign does not have the weights of %(name)s.") % {"name": version.name})
    return base


def names_behind(*versions: ModelVersion) -> list[str]:
    """Return the names of models and their ancestors, which no response may mention.

    Pass all models that are compared with each other.
    """
    names: dict[str, None] = {}
    for version in versions:
        one: ModelVersion | None = version
        while one is not None:
            names |= dict.fromkeys(_names_of(one))
            one = one.parent
    return list(names)


def _names_of(version: ModelVersion) -> list[str]:
    """Return the names by which a model is known here, at its server and where it comes from."""
    names = [version.name, version.served_name, str(version.facts.get("answers_as", ""))]
    if version.kind == ModelKind.HUB:
        names.append(version.location)
    elif version.kind in (ModelKind.FOLDER, ModelKind.GGUF, ModelKind.ADAPTER):
        file_name = Path(version.location).name.removesuffix(".gguf")
        if any(map(str.isdigit, file_name)):  # "weights" or "merged" is no name
            names.append(file_name)
    return [name for name in names if name]
