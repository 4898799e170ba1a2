"""Reads where a trained model comes from: its ancestors, its base, and the releases behind it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from annotations.models import DatasetRelease
from annotations.rules.releases import purposes_needed
from codesign.shared.errors import Invalid, NotFound
from modelhub.engine.base_origin import EMBEDDED_ORIGIN, PRIVATE_BASE, BaseOrigin
from modelhub.models import ModelVersion
from modelhub.rules.states import ModelKind
from modelhub.rules.training import TRAINED


def ancestry_of(version: ModelVersion) -> list[ModelVersion]:
    """Return a model and its ancestors, the model first and the base last; a query for each."""
    found = [version]
    while (parent_id := found[-1].parent_id) is not None:
        versions = ModelVersion.objects.select_related("training_run__release__study")
        found.append(versions.get(id=parent_id))
    return found


def origin_of(base: ModelVersion) -> BaseOrigin:
    """Return where other people can download a base model, without paths of this server."""
    if base.kind == ModelKind.EMBEDDED:
        return EMBEDDED_ORIGIN
    if base.kind == ModelKind.HUB:
        return BaseOrigin(base.location, base.revision, base.licence)
    return BaseOrigin(base.name, licence=base.licence, note=PRIVATE_BASE % base.sha256)


def lineage_of(ancestry: Sequence[ModelVersion]) -> dict[str, Any]:
    """Return the content of `lineage.json` for a model and its ancestors."""
    version, base = ancestry[0], ancestry[-1]
    origin = origin_of(base)
    releases = {
        one.training_run.release_id: one.training_run.release
        for one in ancestry
        if one.training_run
    }
    return {
        "format": 1,
        "model": _step(version) | _training(version),
        "ancestors": [_step(one) for one in ancestry[1:]],
        "base": {
            "name": origin.name,
            "revision": origin.revision,
            "licence": origin.licence,
            "note": origin.note,
        },
        "releases": [_release(one) for one in releases.values()],
    }


def _step(version: ModelVersion) -> dict[str, Any]:
    run = version.training_run
    return {
        "id": str(version.id),
        "name": version.name,
        "kind": version.kind,
        "method": run.method if run else "",
        "release": run.release.number if run else None,
        "adapter_sha256": version.sha256 if version.kind in TRAINED else "",
    }


def _training(version: ModelVersion) -> dict[str, Any]:
    run = version.training_run
    if run is None:
        return {}
    return {
        "params": run.params,
        "seed": run.seed,
        "system_message": run.system_message,
        "validation": run.metrics.get("validation"),
    }


def _release(release: DatasetRelease) -> dict[str, Any]:
    manifest = release.manifest
    return {
        "study": release.study.slug,
        "contact": release.study.contact,
        "number": release.number,
        "purpose": release.purpose,
        "consent_purposes": [str(one) for one in purposes_needed(release.purpose)],
        "consent_versions": manifest.get("consent_versions", []),
        "judgements": manifest.get("judgements", 0),
        "people": {name: cohort["people"] for name, cohort in manifest.get("people", {}).items()},
        "example_judgements": release.has_examples,
        "manifest_sha256": release.manifest_sha256,
    }


def trained_named(wanted: str) -> ModelVersion:
    """Return a model by name, `STUDY/NAME` or id, for commands; raises Invalid or NotFound.

    Names may have slashes, such as those of models from the Hub.
    """
    slug, _slash, name = wanted.partition("/")
    versions = ModelVersion.objects.select_related("study")
    try:
        found = list(versions.filter(id=uuid.UUID(wanted)))
    except ValueError:
        named = Q(name=wanted) | Q(study__slug=slug, name=name)
        found = list(versions.filter(named).order_by("created_at")[:2])
    if not found:
        raise NotFound(_("There is no model called %(name)s.") % {"name": wanted})
    if len(found) > 1:
        raise Invalid(
            _("Several studies have a model %(name)s. Write STUDY/NAME.") % {"name": wanted}
        )
    return found[0]
