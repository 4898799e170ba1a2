"""Tables of text cells: the row of names, and the rows below it.

CSV and the sheets of spreadsheets are read by the same rules. Spreadsheets put titles above the
names, and programs put more rows below them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from codesign.shared.visible import shows_nothing
from modelhub.rules.prepare import COLUMNS, own_name, readable, trimmed
from modelhub.rules.raw_rows import BadRow, Note, Raw, RawRows
from modelhub.rules.shapes.own import guess

Cells = list[str]
Record = tuple[int, Any]
"""(line, cells), or (line, BadRow)."""
Records = Callable[[], Iterator[Record]]
"""Yields all records of a table, from the first one on, each time it is called."""
PEEK = 12
"""The first records, in which the names of the columns are searched."""
LONGEST_NAME = 200
"""Characters of a cell that may name a column that is known."""
FAILED = frozenset(
    {
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
    }
)
"""The text of a cell whose formula failed."""


class Rounded(str):
    """A number of a spreadsheet that has more digits than spreadsheets keep."""

    __slots__ = ()


class NotComputed(str):
    """The cell of a formula whose result is not in the file."""

    __slots__ = ()


_IMPORT_ID = re.compile(r'\s*\{\s*"ImportId"\s*:')
_DATES = ("StartDate", "EndDate", "RecordedDate")
_RESPONSE_IDS = ("ResponseId", "ResponseID")
"""Columns of every export of Qualtrics."""


def filled(*, cells: Any) -> int:
    """Return the number of cells that show something."""
    if isinstance(cells, BadRow):
        return 0
    return sum(not shows_nothing(cell) for cell in cells)


def header_place(*, first: Sequence[Record], mapped: frozenset[str]) -> int:
    """Return the place of the names among the first records of a table.

    That is the first record that is about as wide as the widest one: a title has fewer cells, and
    the index of a data frame has no name. If no name among them is known for prompts, a record
    with known names is preferred. `mapped` are the names of columns that a mapping uses.
    """
    widest = max((filled(cells=cells) for _line, cells in first), default=0)
    place = next((at for at, (_line, cells) in enumerate(first) if _is_wide(cells, widest)), None)
    if place is None:
        place = next((at for at, (_line, cells) in enumerate(first) if filled(cells=cells)), 0)
    if first and not has_prompt(cells=first[place][1], mapped=mapped):
        known = (at for at, (_line, cells) in enumerate(first) if _are_names(cells, mapped))
        return next(known, place)
    return place


def _is_wide(cells: Any, widest: int) -> bool:
    width = filled(cells=cells)
    if width >= max(2, widest - 1):
        return True
    return width == 1 and len(cells) == widest == 2 and shows_nothing(cells[0])


def _are_names(cells: Any, mapped: frozenset[str]) -> bool:
    """Return whether a record has a mapped name, a prompt's name alone, or that with more names."""
    if not has_prompt(cells=cells, mapped=mapped):
        return False
    if filled(cells=cells) == 1 or _has_mapped(cells, mapped):
        return True
    return max(sum(own_name(cell) in COLUMNS for cell in cells), len(_guessed(cells))) > 1


def has_prompt(*, cells: Any, mapped: frozenset[str]) -> bool:
    """Return whether a record has a cell that is a known name of prompts, or a mapped name."""
    if isinstance(cells, BadRow):
        return False
    return "prompt" in _guessed(cells) or _has_mapped(cells, mapped)


def _has_mapped(cells: Cells, mapped: frozenset[str]) -> bool:
    return any(trimmed(cell) in mapped for cell in cells)


def _guessed(cells: Cells) -> dict[str, str]:
    return guess(cell for cell in cells if len(cell) <= LONGEST_NAME)


def table(*, records: Records, total: int, mapped: frozenset[str]) -> RawRows:
    """Return the rows of a table; raises BadRow if its names cannot be read."""
    first = list(islice(records(), PEEK))
    if not any(isinstance(cells, BadRow) or filled(cells=cells) for _line, cells in first):
        return RawRows(columns=None, total=0, read=lambda _wanted: iter(()))
    place = header_place(first=first, mapped=mapped)
    names = first[place][1]
    if isinstance(names, BadRow):
        raise names
    columns = [trimmed(name) for name in names]
    while columns and not columns[-1]:
        columns.pop()
    notes, skipped = _left_out(first, place)

    def read(wanted: Collection[str] | None) -> Iterator[Raw]:
        yield from ((0, Note(note)) for note in notes)
        yield from _rows(islice(records(), skipped, None), columns, wanted)

    return RawRows(columns=columns, total=total, read=read)


def _left_out(first: Sequence[Record], place: int) -> tuple[list[str], int]:
    """Return notes on the records that are not rows, and the number of records before the rows."""
    notes = []
    if any(filled(cells=cells) for _line, cells in first[:place]):
        sentence = _("The names of the columns are in line %(line)d. Lines above it were left out.")
        notes.append(sentence % {"line": first[place][0]})
    rows = _rows_of_qualtrics(first[place][1], first[place + 1 : place + 3])
    if rows == 2:
        notes.append(
            _(
                "This is an export of Qualtrics. The two rows below the names, with the wording of "
                "the questions and ids of Qualtrics, were left out."
            )
        )
    elif rows:
        notes.append(
            _(
                "This is an export of Qualtrics. The row below the names, with the wording of the "
                "questions or ids of Qualtrics, was left out."
            )
        )
    return notes, place + 1 + rows


def _rows(
    records: Iterator[Record], columns: Sequence[str], wanted: Collection[str] | None
) -> Iterator[Raw]:
    places = [
        (place, name)
        for place, name in enumerate(columns)
        if name and (wanted is None or name in wanted)
    ]
    width = len(columns)
    for line, cells in records:
        if isinstance(cells, BadRow):
            yield line, cells
            continue
        if len(cells) > width and filled(cells=cells[width:]):
            yield line, BadRow(_("the line has more cells than there are columns."))
            continue
        row = {name: cells[at] for at, name in places if at < len(cells) and cells[at]}
        if failed := [name for name, cell in row.items() if cell[0] == "#" and cell in FAILED]:
            sentence = _("the cell of %(column)s holds the error %(error)s of a formula.")
            values = {"column": readable(failed[0]), "error": row[failed[0]]}
            yield line, BadRow(sentence % values)
        elif formulas := [name for name, cell in row.items() if isinstance(cell, NotComputed)]:
            sentence = _(
                "the cell of %(column)s holds a formula without a result. Open the file in a "
                "spreadsheet program, and save it again."
            )
            yield line, BadRow(sentence % {"column": readable(formulas[0])})
        elif rounded := [name for name, cell in row.items() if isinstance(cell, Rounded)]:
            sentence = _("%(column)s is a number that was rounded (%(value)s). Write it as text.")
            values = {"column": readable(rounded[0]), "value": row[rounded[0]]}
            yield line, BadRow(sentence % values)
        elif row or filled(cells=cells):
            yield line, row


def _rows_of_qualtrics(names: Cells, below: Sequence[Record]) -> int:
    """Return the number of rows below the names that Qualtrics puts there.

    They are the wording of the questions and ids. Older exports and people's scripts leave one out.
    """
    if len(below) > 1 and _are_ids(below[1][1]):
        return 2
    return int(bool(below) and (_are_ids(below[0][1]) or _are_wordings(names, below[0][1])))


def _are_ids(cells: Any) -> bool:
    if isinstance(cells, BadRow):
        return False
    ids = [cell for cell in cells if not shows_nothing(cell)]
    return bool(ids) and all(map(_IMPORT_ID.match, ids))


def _are_wordings(names: Cells, cells: Any) -> bool:
    """Return whether cells are words where Qualtrics has dates and ids of responses."""
    if isinstance(cells, BadRow):
        return False
    here = {trimmed(name): cell for name, cell in zip(names, cells, strict=False)}
    dates = [here[name] for name in _DATES if name in here]
    ids = [here[name] for name in _RESPONSE_IDS if name in here]
    return (
        bool(dates and ids)
        and not any(shows_nothing(cell) or re.search(r"\d", cell) for cell in dates)
        and not any(shows_nothing(cell) or cell.startswith("R_") for cell in ids)
    )
