"""A study with a trained model whose files are small and real, a model server, import doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codesign.studies.models import Study
from modelhub.models import ModelVersion
from tests.factories.studies import StudyFactory
from tests.support.import_doors import DOORS, Door, door_by
from tests.support.model_server import ModelServer, model_server
from tests.support.trained_models import small_base, trained_model


@pytest.fixture
def models(settings: Any, tmp_path: Path, embedded_model: Path) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODELS_DIR.mkdir()
    small_base(settings.MODELS_DIR, embedded_model)
    return tmp_path / "models"


@pytest.fixture
def study() -> Study:
    return StudyFactory.create(slug="hard-days", contact="team@example.org")


@pytest.fixture
def model(study: Study, models: Path) -> ModelVersion:
    return trained_model(study, models)


@pytest.fixture
def server(settings: Any) -> Iterator[ModelServer]:
    """A server whose models may be registered."""
    with model_server() as running:
        settings.MODEL_SERVERS = [running.address]
        yield running


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Door:
    return door_by(request.param, tmp_path)
