"""Model versions come into being; sources hide them from those who judge."""

from __future__ import annotations

from django.db import transaction

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.models import Study
from modelhub.engine.weights import EMBEDDED_NAME
from modelhub.models import ModelVersion, Source
from modelhub.rules.states import ModelKind

VERSION_MADE = action("modelhub.version_made", "registered a model version")


@transaction.atomic
def ensure_embedded_model() -> ModelVersion:
    """The model that comes with Codesign, for all studies; weights are made on first use."""
    version, made = ModelVersion.objects.get_or_create(
        study=None,
        name=EMBEDDED_NAME,
        defaults={"kind": ModelKind.EMBEDDED, "path": EMBEDDED_NAME},
    )
    if made:
        _record(SYSTEM, version)
    return version


@transaction.atomic
def ensure_imported_model(*, actor: Actor, study: Study, name: str) -> ModelVersion:
    """The model of that name as known from imported responses; the caller has checked the actor."""
    version, made = ModelVersion.objects.get_or_create(
        study=study, name=name, defaults={"kind": ModelKind.IMPORTED}
    )
    if made:
        _record(actor, version)
    return version


def source_of(*, study: Study, version: ModelVersion | None) -> Source:
    """The opaque mark that responses of this version carry in this study."""
    return Source.objects.get_or_create(study=study, model_version=version)[0]


def _record(actor: Actor, version: ModelVersion) -> None:
    audit.record(
        actor=actor,
        action=VERSION_MADE,
        study_id=version.study_id,
        about=("model_version", version.id, version.name),
        data={"kind": version.kind},
    )
