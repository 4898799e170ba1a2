"""Our own columns, and the names of those of others."""

from __future__ import annotations

from codesign.shared.visible import shows_nothing

COLUMNS = frozenset(
    {
        "prompt",
        "external_id",
        "category",
        "topics",
        "intensity",
        "language",
        "held_out",
        "family",
        "responses",
    }
)
"""Our own columns."""
MOST_COLUMNS = 5_000
"""Columns of a table, and keys of a row."""
MOST_UNUSED = 500
"""Unknown columns that are reported, of all rows together."""
NAMED = 20
"""Most columns that an error message names."""


def trimmed(name: str) -> str:
    """Return a name without white space and invisible characters around it."""
    if name.isascii():
        return name.strip()
    shown = [place for place, letter in enumerate(name) if not shows_nothing(letter)]
    return name[shown[0] : shown[-1] + 1] if shown else ""


def own_name(name: str) -> str:
    """Return our own name of a column, or the name as it is."""
    own = trimmed(name).lower()
    return own if own in COLUMNS else name


def readable(name: object) -> str:
    """Return the name of a column, shortened and without unprintable characters."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(name)[:60])
