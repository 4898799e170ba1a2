"""The ways in which a file is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.import_doors import DOORS, Door, door_by


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Door:
    return door_by(request.param, tmp_path)
