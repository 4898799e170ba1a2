"""Turns the raw rows of a file into rows of our own columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from modelhub.rules.raw_rows import BadRow, Raw, RawRows, Unused

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


def prepare(source: RawRows) -> Iterator[Raw]:
    """Return the rows of a source by our own columns; raises BadRow if it has none to use.

    Upper case and spaces around a known name are ignored. Other columns are named as Unused.
    """
    if source.columns is None:
        return _by_own_names(source.read(None))
    names = _own_columns(source.columns)
    others = [name for name in source.columns if name not in names]
    return _of_table(names, source.read(list(names)), others)


def own_name(name: str) -> str:
    """Return our own name of a column, or the name as it is."""
    own = name.strip().lower()
    return own if own in COLUMNS else name


def readable(name: object) -> str:
    """Return the name of a column, shortened and without unprintable characters."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(name)[:60])


def _own_columns(columns: Sequence[str]) -> dict[str, str]:
    """Return name in the file → own column, for the columns of a table that are used."""
    if len(columns) > MOST_COLUMNS:
        raise BadRow(
            _("there are %(count)s columns; the limit is %(most)s.")
            % {"count": f"{len(columns):,}", "most": f"{MOST_COLUMNS:,}"}
        )
    used = [(name, own_name(name)) for name in columns if own_name(name) in COLUMNS]
    times = Counter(own for _name, own in used)
    if twice := [own for own, count in times.items() if count > 1]:
        raise BadRow(_("there are two columns called %(name)s.") % {"name": twice[0]})
    if "prompt" not in times:
        listed = ", ".join(readable(name) for name in columns[:NAMED]) or _("none")
        raise BadRow(
            _("there is no column called prompt. The columns are: %(columns)s.")
            % {"columns": listed}
        )
    return dict(used)


def _of_table(
    names: Mapping[str, str], rows: Iterator[Raw], others: Sequence[str]
) -> Iterator[Raw]:
    yield from ((0, Unused(readable(name))) for name in dict.fromkeys(others[:MOST_UNUSED]) if name)
    if all(name == own for name, own in names.items()):
        yield from rows
        return
    for line, raw in rows:
        named = isinstance(raw, Mapping)
        yield line, {names[name]: value for name, value in raw.items()} if named else raw


def _by_own_names(rows: Iterator[Raw]) -> Iterator[Raw]:
    """Yield rows that name their own columns."""
    told: set[str] = set()
    for line, raw in rows:
        if not isinstance(raw, Mapping) or raw.keys() <= COLUMNS:
            yield line, raw
            continue
        row, problem = _renamed(raw)
        unknown = [key for key in raw if own_name(key) not in COLUMNS and key not in told]
        for key in unknown[: MOST_UNUSED - len(told)]:
            told.add(key)
            yield line, Unused(readable(key))
        yield line, problem or row


def _renamed(raw: Mapping[str, object]) -> tuple[dict[str, object], BadRow | None]:
    if len(raw) > MOST_COLUMNS:
        sentence = _("the row has %(count)s keys; the limit is %(most)s.")
        return {}, BadRow(sentence % {"count": f"{len(raw):,}", "most": f"{MOST_COLUMNS:,}"})
    row: dict[str, object] = {}
    for key, value in raw.items():
        own = own_name(key)
        if own in row:
            return {}, BadRow(_("there are two columns called %(name)s.") % {"name": own})
        if own in COLUMNS:
            row[own] = value
    return row, None
