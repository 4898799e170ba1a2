"""Reads Parquet row by row.

A tiny file may unpack to a huge one: dictionaries and run lengths pack a hundred million values
into a few hundred bytes. So the sizes in the footer are checked before anything is unpacked. The
footer may be wrong, so the reading process has limits too (`modelhub.services.file_reader`).
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import IO, Any

BATCH = 500
"""Rows in memory at once."""
BATCH_BYTES = 16_000_000
"""Unpacked bytes of a batch according to the footer, so that batches of long rows are shorter."""
BUFFER = 1 << 20
"""Bytes of a column that are read ahead."""
MOST_FOOTER = 16_000_000
"""Bytes. Normal footers have a hundred bytes per column and row group."""
MOST_LEAVES = 5_000
"""Columns, including nested ones."""
MOST_DEPTH = 20
"""Levels of nested lists and objects."""
MOST_LIST = 1_000_000
"""Entries of one list in the footer, such as columns and row groups."""
MOST_GROUPS = 100_000
VALUES_A_ROW = 1_000
"""Average values of a column per row. A prompt has at most 200 turns and 50 responses."""
ENDS = b"PAR1"
UUID_BYTES = 16
NO_ZONE = "zoneinfo module"
"""What pyarrow's error says of a time zone that Python does not know: install that module."""


class Unreadable(Exception):
    """The file is not Parquet, or is damaged."""


class TooMuch(Exception):
    """The file exceeds a limit. The message is a sentence without its subject, the file's name."""


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A row with a value that Python cannot hold, such as a date in the year 0."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose footer was checked."""

    file: Path | bytes
    columns: Sequence[str]
    """The names of all columns."""
    row_count: int

    def rows(
        self, wanted: Collection[str] | None, *, most_bytes: int
    ) -> Iterator[dict[str, Any] | Undecodable]:
        """Yield each row as plain Python values of these columns, or of all for None.

        Raises TooMuch if the columns unpack to more than `most_bytes` according to the footer.
        """
        names = list(dict.fromkeys(self.columns if wanted is None else wanted))
        with _opened(self.file) as file:
            about = file.metadata
            unpacked = _unpacked(about, names)
            if unpacked > most_bytes:
                raise TooMuch(f"unpacks to {unpacked:,} bytes; {most_bytes:,} is the most.")
            batch = BATCH_BYTES * max(1, about.num_rows) // max(1, unpacked)
            size = min(BATCH, max(1, batch))
            for part in file.iter_batches(size, columns=names, use_threads=False):
                if set(part.schema.names) != set(names):
                    raise Unreadable("two of its columns have the same name")
                yield from _rows(part)


def checked(file: Path | bytes, *, most_rows: int) -> Table:
    """Check the footer, without reading rows; raises TooMuch if it exceeds a limit."""
    _check_footer(file)
    with _opened(file) as opened:
        about = opened.metadata
        if about.num_rows > most_rows:
            raise TooMuch(f"has {about.num_rows:,} rows; {most_rows:,} is the most.")
        if about.num_columns > MOST_LEAVES or about.num_row_groups > MOST_GROUPS:
            raise TooMuch("has more columns or row groups than can be read.")
        return Table(file, list(opened.schema_arrow.names), int(about.num_rows))


def _rows(batch: Any) -> Iterator[dict[str, Any] | Undecodable]:
    """Yield the rows of a batch; value by value, if some cannot be decoded."""
    import pyarrow

    failures = (pyarrow.ArrowException, ValueError, OverflowError, TypeError, KeyError)
    others = [field for field in batch.schema if not _is_plain(field.type)]
    try:
        rows = batch.to_pylist(maps_as_pydicts="strict")
        for field in others:
            for row in rows:
                row[field.name] = _plain(row[field.name], field.type)
    except failures:
        names = batch.schema.names
        for values in zip(*batch.columns, strict=True):
            yield _row(names, values, failures)
    else:
        yield from rows


def _row(
    names: Sequence[str], values: Sequence[Any], failures: tuple[type[Exception], ...]
) -> dict[str, Any] | Undecodable:
    row = {}
    for name, value in zip(names, values, strict=True):
        try:
            row[name] = _plain(value.as_py(maps_as_pydicts="strict"), value.type)
        except failures as error:
            reason = str(error) or type(error).__name__
            if NO_ZONE in reason:
                reason = f"unknown time zone {value.type.tz}"
            return Undecodable(name, reason)
    return row


def _is_plain(kind: Any) -> bool:
    """Return whether values of a type of Arrow become values that JSON has too."""
    from pyarrow import types

    if types.is_struct(kind) or (types.is_nested(kind) and not types.is_map(kind)):
        return all(_is_plain(kind.field(place).type) for place in range(kind.num_fields))
    if types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    return any(
        is_kind(kind)
        for is_kind in (
            types.is_string,
            types.is_large_string,
            types.is_string_view,
            types.is_boolean,
            types.is_integer,
            types.is_floating,
            types.is_null,
        )
    )


def _plain(value: Any, kind: Any = None) -> Any:
    """Return a value as JSON would have it: dates in ISO 8601, ids of 16 bytes as UUIDs."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes):
        is_uuid = str(kind) == f"fixed_size_binary[{UUID_BYTES}]"
        return str(uuid.UUID(bytes=value)) if is_uuid else value.decode()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _check_footer(file: Path | bytes) -> None:
    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - 8))
        length, ends = int.from_bytes(opened.read(4), "little"), opened.read(4)
    if size < 12 or ends != ENDS or length > size:
        raise Unreadable("its end is missing or damaged")
    if length > MOST_FOOTER:
        raise TooMuch(f"has a footer of {length:,} bytes; {MOST_FOOTER:,} is the most.")


def _unpacked(about: Any, columns: Collection[str]) -> int:
    """Return the unpacked bytes of these columns according to the footer; raises TooMuch."""
    schema, unpacked = about.schema, 0
    leaves = [
        leaf
        for leaf in range(about.num_columns)
        if any(f"{schema.column(leaf).path}.".startswith(f"{name}.") for name in columns)
    ]
    for group in map(about.row_group, range(about.num_row_groups)):
        for chunk in map(group.column, leaves):
            unpacked += chunk.total_uncompressed_size
            if chunk.num_values > VALUES_A_ROW * max(1, group.num_rows):
                sentence = f"has {chunk.num_values:,} values in {group.num_rows:,} rows"
                raise TooMuch(f"{sentence} of {chunk.path_in_schema.partition('.')[0]}.")
    return unpacked


def unpacked_zstd(file: IO[bytes]) -> Any:
    """Return the unpacked bytes of a file that is packed with Zstandard, as a file."""
    import pyarrow

    return pyarrow.CompressedInputStream(pyarrow.PythonFile(file, mode="r"), "zstd")


@contextmanager
def _opened(file: Path | bytes) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(
            pyarrow.BufferReader(file) if isinstance(file, bytes) else file,
            buffer_size=BUFFER,
            pre_buffer=False,
            thrift_string_size_limit=MOST_FOOTER,
            thrift_container_size_limit=MOST_LIST,
            schema_depth_limit=MOST_DEPTH,
            arrow_extensions_enabled=False,
        ) as opened:
            yield opened
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(str(error)) from error
