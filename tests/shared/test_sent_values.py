"""Ids and times that come back from a page, changed by somebody or not."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from codesign.shared.sent_values import time_or_none, uuid_or_none

ID = uuid.UUID("6f1c0a52-6a0e-4b36-9d3c-2f7a4f6a0b11")


@pytest.mark.parametrize(
    ("value", "id"),
    [(str(ID), ID), (ID.hex, ID), ("", None), (None, None), ("7", None), (f"{ID}x", None)],
)
def test_an_id_or_none(value: str | None, id: uuid.UUID | None) -> None:
    assert uuid_or_none(value) == id


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2026-11-30T09:30:00+00:00", datetime(2026, 11, 30, 9, 30, tzinfo=UTC)),
        ("2026-11-30T09:30:00+02:00", datetime(2026, 11, 30, 7, 30, tzinfo=UTC)),
        ("2026-11-30T09:30:00", None),  # without a zone it could be any of a day's times
        ("2026-02-30T09:30:00+00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_or_none(value: str, time: datetime | None) -> None:
    assert time_or_none(value) == time
