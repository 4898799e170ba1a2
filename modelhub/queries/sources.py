"""Which model a source is: the one place that goes back from a response to its writer."""

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
    """source → model version; sources that were imported without a name are left out."""
    rows = Source.objects.filter(id__in=set(sources), model_version__isnull=False)
    return {
        source: ModelName(id=str(version), name=name)
        for source, version, name in rows.values_list(
            "id", "model_version_id", "model_version__name"
        )
    }


def sources_of(*, actor: Actor, study: Study, asked: Asked) -> QuerySet[Source, UUID] | None:
    """The sources of the model asked for, in a study; None where none was asked for.

    The actor must be one who may see models: whoever judges must not know what wrote what.
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
    """A response and the model that wrote it; None where it was imported without a name."""

    response: Response
    model: ModelName | None


def with_models(responses: Sequence[Response]) -> list[WrittenResponse]:
    """Each response with its model, in their order; one query for all of them."""
    known = names_of(response.source for response in responses)
    return [WrittenResponse(response, known.get(response.source)) for response in responses]
