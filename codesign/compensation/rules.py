"""Money on plain values: integer minor units of ISO 4217, never a float."""

from __future__ import annotations


def hourly_minor(*, amount_minor: int, estimated_seconds: int) -> int:
    """What an amount for that many seconds is per hour, minor units, rounded down."""
    return amount_minor * 3600 // estimated_seconds
