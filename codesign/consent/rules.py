"""Purposes, what a version's hash covers, and what consent is in force."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """Separate, unticked choices (standards 2.5); taking part never depends on an optional one."""

    TAKE_PART = "take_part"
    TRAINING = "training"
    EVALUATION = "evaluation"
    COMMERCIAL = "commercial"
    PUBLICATION = "publication"
    DEMOGRAPHICS = "demographics"
    QUOTATION = "quotation"
    RECONTACT = "recontact"
    CREDIT = "credit"


OPTIONAL = frozenset(Purpose) - {Purpose.TAKE_PART}


class WithdrawalLevel(StrEnum):
    """How far a withdrawal goes (standards 2.8)."""

    STOP_TASKS = "stop_tasks"
    STOP_USE = "stop_use"
    ERASE = "erase"


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256, hex, over the text as signed: title, key information, sections, choices."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def choice_problem(granted: Iterable[str], offered: Iterable[str]) -> str | None:
    """Why these ticks cannot be signed; None where they can."""
    ticked, known = set(granted), set(offered)
    if ticked - known:
        return "One of these choices is not part of this consent."
    if Purpose.TAKE_PART not in ticked:
        return "To sign, tick that you want to take part. Everything else is up to you."
    return None
