"""Registers model versions, and sources, which hide models from people who judge."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy

from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.transition import Move, machine
from codesign.studies.models import Study
from modelhub.engine.weights import EMBEDDED_NAME
from modelhub.models import ModelVersion, Source
from modelhub.rules.states import MODEL_STATES, ModelKind

VERSION_MADE = action("modelhub.version_made", gettext_lazy("registered a model version"))
VERSION_MOVED = action("modelhub.version_moved", gettext_lazy("checked a model version"))


@transaction.atomic
def ensure_embedded_model() -> ModelVersion:
    """Return the model shipped with Codesign, which all studies share.

    Its weights are converted on first use.
    """
    version, created = ModelVersion.objects.get_or_create(
        study=None,
        name=EMBEDDED_NAME,
        defaults={"kind": ModelKind.EMBEDDED, "path": EMBEDDED_NAME},
    )
    if created:
        record_made(actor=SYSTEM, version=version)
    return version


@transaction.atomic
def ensure_imported_model(*, actor: Actor, study: Study, name: str) -> ModelVersion:
    """Return the imported model of that name. The caller has checked the permission."""
    version, created = ModelVersion.objects.get_or_create(
        study=study, name=name, defaults={"kind": ModelKind.IMPORTED}
    )
    if created:
        record_made(actor=actor, version=version)
    return version


def source_of(*, study: Study, version: ModelVersion | None) -> Source:
    """Return the opaque source for responses of this version in this study."""
    return Source.objects.get_or_create(study=study, model_version=version)[0]


def record_made(*, actor: Actor, version: ModelVersion) -> None:
    """Record a new model version in the audit trail."""
    audit.record(
        actor=actor,
        action=VERSION_MADE,
        study_id=version.study_id,
        about=("model_version", version.id, version.name),
        data={"kind": version.kind},
    )


def _log(move: Move) -> None:
    """Record each change of state in the audit trail."""
    version: ModelVersion = move.row
    audit.record(
        actor=move.actor,
        action=VERSION_MOVED,
        study_id=version.study_id,
        about=("model_version", version.id, version.name),
        data={"from": move.old, "to": move.new, "problem": version.problem},
    )


machine(ModelVersion, MODEL_STATES, log=_log)
