"""The embedded model for tests, converted once per machine."""

import os
import tempfile
from pathlib import Path

import pytest

from modelhub.engine.weights import ensure_embedded


@pytest.fixture(scope="session")
def embedded_model() -> Path:
    """The embedded model's folder; `CODESIGN_TEST_MODELS` says where it is kept.

    Workers of one run, and several runs, share it: the first converts it (half a minute).
    """
    default = Path(tempfile.gettempdir()) / f"codesign-models-{os.getuid()}"
    return ensure_embedded(Path(os.environ.get("CODESIGN_TEST_MODELS", default)))
