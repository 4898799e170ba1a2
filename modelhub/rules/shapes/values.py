"""Reads values of other tools' files, whether they are objects or JSON text in a cell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import isfinite, isnan
from typing import Any

from codesign.shared.visible import shows_nothing

Row = Mapping[str, Any]


def absent(value: Any) -> bool:
    """Return whether a value is missing: None, NaN, an empty list or a text that shows nothing."""
    if isinstance(value, str):
        return shows_nothing(value)
    if isinstance(value, float):
        return isnan(value)
    return value is None or (isinstance(value, list | tuple | Mapping) and not value)


def filled(row: Row, names: Iterable[str]) -> Any:
    """Return the first value of these columns that is not missing, or None."""
    return next((row[name] for name in names if not absent(row.get(name))), None)


def parsed(value: Any) -> Any:
    """Return the list or object of a text that is JSON, and every other value as it is.

    Tables store conversations as JSON text.
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, or of JSON text of one; empty for everything else."""
    value = parsed(value)
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, list | tuple):
        return []
    return [one for one in value if isinstance(one, Mapping)]


def is_object(value: Any) -> bool:
    """Return whether a value is an object, or JSON text of one."""
    return isinstance(parsed(value), Mapping)


def text_of(value: Any) -> str:
    """Return a text without a missing value's name: empty for None and NaN."""
    return "" if absent(value) else str(value)


def number_of(value: Any) -> float | None:
    """Return a finite number, also of text; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def without_missing(row: Row) -> dict[str, Any]:
    """Return the row without missing values."""
    return {name: value for name, value in row.items() if not absent(value)}
