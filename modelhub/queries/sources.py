"""Which model a source is: the one place that goes back from a response to its writer."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from annotations.registry import ModelName
from modelhub.models import Source


def names_of(sources: Iterable[UUID]) -> dict[UUID, ModelName]:
    """source → model version; sources that were imported without a name are left out."""
    rows = Source.objects.filter(id__in=set(sources), model_version__isnull=False)
    return {
        source: ModelName(id=str(version), name=name)
        for source, version, name in rows.values_list(
            "id", "model_version_id", "model_version__name"
        )
    }
