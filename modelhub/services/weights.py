"""Where the weights of a model version are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from modelhub.engine.weights import ensure_embedded
from modelhub.models import ModelVersion
from modelhub.queries.versions import base_of
from modelhub.rules.states import ModelKind


@dataclass(frozen=True, slots=True)
class Weights:
    """The folder of a base in transformers' layout, and the folder of an adapter on it."""

    base: Path
    adapter: Path | None


def weights_of(version: ModelVersion) -> Weights:
    """Return the folders of a model; converts the embedded model on first use (20 s).

    Raises Invalid for a model without weights here, such as one on a server.
    """
    base = base_of(version)
    models = Path(settings.MODELS_DIR)
    folder = ensure_embedded(models) if base.kind == ModelKind.EMBEDDED else models / base.path
    return Weights(base=folder, adapter=None if version == base else models / version.path)
