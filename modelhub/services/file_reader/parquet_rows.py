"""Parquet files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from modelhub.engine import parquet
from modelhub.rules.imports import MOST_BYTES, MOST_ROWS
from modelhub.rules.prepare import readable
from modelhub.rules.raw_rows import BadRow, Raw, RawRows
from modelhub.services.file_reader.content import Content
from modelhub.services.file_reader.refusals import Refused

MOST_UNPACKED = 2 * MOST_BYTES
"""Declared unpacked bytes of the used columns of a Parquet file. A character may need two bytes,
and the declared size includes the structure of lists."""


def read(*, content: Content) -> RawRows:
    """Return the rows of a Parquet file."""
    with _refusing(content.name):
        table = parquet.checked(content.seekable(), most_rows=MOST_ROWS)

    def rows(wanted: Collection[str] | None) -> Iterator[Raw]:
        complete = wanted is None or set(table.columns) <= set(wanted)
        with _refusing(content.name):
            for line, row in enumerate(table.rows(wanted, most_bytes=MOST_UNPACKED), 1):
                if isinstance(row, parquet.Undecodable):
                    yield line, BadRow(_undecodable(row))
                elif not complete or any(value is not None for value in row.values()):
                    yield line, row

    return RawRows(columns=table.columns, total=table.row_count, read=rows)


def _undecodable(row: parquet.Undecodable) -> str:
    sentence = _("the value of %(column)s cannot be read (%(error)s).")
    return sentence % {"column": readable(row.column), "error": row.reason}


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn errors of Parquet files into Refused."""
    try:
        yield
    except parquet.TooMuch as error:
        raise Refused(
            _("%(name)s %(problem)s Please split the file.") % {"name": name, "problem": error},
            status=413,
        ) from error
    except parquet.Unreadable as error:
        raise Refused(
            _("%(name)s cannot be read as Parquet (%(error)s).") % {"name": name, "error": error}
        ) from error
