"""Reads which model a source stands for: the only code that links a response to its model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from annotations.models import Response
from annotations.registry import ModelName
from codesign.shared.actors import Actor
from codesign.shared.lookups import Asked
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Source
from modelhub.permissions import SEE_MODELS
from modelhub.queries.versions import named


def names_of(sources: Iterable[UUID]) -> dict[UUID, ModelName]:
    """Return the model of each source; sources without a model name are left out."""
    rows = Source.objects.filter(id__in=set(sources), model_version__isnull=False)
    return {
        source: ModelName(id=str(version), name=name)
        for source, version, name in rows.values_list(
            "id", "model_version_id", "model_version__name"
        )
    }


def sources_of(*, actor: Actor, study: Study, asked: Asked) -> QuerySet[Source, UUID] | None:
    """Return the sources of the model in the filter, or None if there is no such filter.

    Requires the permission to see models, because people who judge must not learn which model
    wrote a response.
    """
    if "model" not in asked:
        return None
    require(actor, SEE_MODELS, study)
    versions = named(actor=actor, wanted=asked["model"])
    return Source.objects.filter(study=study, model_version__in=versions).values_list(
        "id", flat=True
    )


@dataclass(frozen=True, slots=True)
class WrittenResponse:
    """A response and its model; None if it was imported without a model name."""

    response: Response
    model: ModelName | None


def with_models(responses: Sequence[Response]) -> list[WrittenResponse]:
    """Return each response with its model, in the same order, using one query."""
    known = names_of(response.source for response in responses)
    return [WrittenResponse(response, known.get(response.source)) for response in responses]
