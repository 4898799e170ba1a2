"""Rules about rows, each against rows that do and do not meet it."""

from __future__ import annotations
