"""Where the weights of a model version are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from codesign.shared.errors import Invalid
from modelhub.engine.checking import changed_file
from modelhub.engine.weights import ensure_embedded, sha256_of_file
from modelhub.models import ModelVersion
from modelhub.queries.versions import base_of
from modelhub.rules.states import ModelKind

ADAPTER_WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class Weights:
    """The folder of a base in transformers' layout, and the folder of an adapter on it."""

    base: Path
    adapter: Path | None


def weights_of(*, version: ModelVersion) -> Weights:
    """Return the folders of a model; converts the embedded model on first use (20 s).

    Raises Invalid for a model without weights here, such as one on a server.
    """
    base = base_of(version)
    models = Path(settings.MODELS_DIR)
    folder = ensure_embedded(models) if base.kind == ModelKind.EMBEDDED else models / base.path
    adapter = None if version == base else models / version.path
    _refuse_changed(base, folder)
    if adapter is not None:
        _refuse_changed(version, adapter)
    return Weights(base=folder, adapter=adapter)


def is_trained_here(*, adapter: Path) -> bool:
    """Return whether the weights of an adapter are those of a model that was trained here."""
    mine = adapter / ADAPTER_WEIGHTS
    paths = ModelVersion.objects.exclude(training_run=None).values_list("path", flat=True)
    trained = (Path(settings.MODELS_DIR) / path / ADAPTER_WEIGHTS for path in paths)
    size = mine.stat().st_size
    alike = [file for file in trained if file.is_file() and file.stat().st_size == size]
    return bool(alike) and sha256_of_file(mine) in map(sha256_of_file, alike)


def _refuse_changed(version: ModelVersion, folder: Path) -> None:
    """Raise Invalid if files of a registered model are not those that were checked."""
    if name := changed_file(folder, version.facts.get("sizes", {})):
        raise Invalid(
            _(
                "The file %(file)s of %(model)s is missing, or it has changed since the model was "
                "checked. Restore it, or register the model again under another name."
            )
            % {"file": name, "model": version.name}
        )
