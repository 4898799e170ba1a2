"""Checks that append-only rows cannot be changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import DatabaseError, models, transaction


def nothing_changes(changes: Mapping[type[models.Model], dict[str, Any]]) -> None:
    """Check that each model has rows, and that changing or deleting them is refused."""
    for model, change in changes.items():
        rows = model._default_manager.order_by("pk")
        before = list(rows.values())
        assert before, model
        with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
            rows.update(**change)
        with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
            model._default_manager.all()._raw_delete(rows.db)
        assert list(rows.values()) == before
