"""Raw rows: what every kind of file is read to, before its columns get their meaning.

A file is read in three steps. A reader of its kind yields raw rows. `prepare` turns them into rows
of our own columns. `import_row` turns each of these into a checked row. So a value means the same
in every kind of file and at every door.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

log = logging.getLogger(__name__)
UNEXPECTED = (TypeError, ValueError, AttributeError, ArithmeticError, LookupError)
"""What code may raise that meets a value of a kind that it does not expect."""


class BadRow(ValueError):
    """An invalid row, or an unusable table. `str(error)` is the error message."""


def not_understood(error: Exception) -> BadRow:
    """Return the error of a row with values of a kind that nobody expected.

    One such row must not stop a file or a request. Its content is not logged.
    """
    log.warning("a row was not understood: %s", type(error).__name__)
    return BadRow(_("the row is not understood."))


class Note(str):
    """A sentence about the file for the report of its import, in place of a row."""

    __slots__ = ()


class Unused(str):
    """The name of a column that is not used, fit to be shown, in place of a row."""

    __slots__ = ()


Raw = tuple[int, Any]
"""(line, row). A row is a mapping of column → plain value, or a BadRow, Note or Unused."""


@dataclass(frozen=True, slots=True)
class RawRows:
    """A file that can be read, or the rows of a JSON body."""

    columns: Sequence[str] | None
    """The names of all columns as the file has them; None if each row names its own (JSON)."""
    total: int
    """The number of rows, or an upper bound."""
    read: Callable[[Collection[str] | None], Iterator[Raw]]
    """Yields the rows from the first one on, each time it is called. It reads these columns alone,
    by the names of the file; all of them for None. Columns that are not read are never decoded."""
    part: str = ""
    """The name of the sheet, if the file has others."""


def rows_of_body(body: object) -> list[Any] | None:
    """Return the rows of the API's JSON body, `{"prompts": [row, …]}` or the list alone.

    Returns None for other values.
    """
    rows = body.get("prompts") if isinstance(body, dict) else body
    return rows if isinstance(rows, list) else None
