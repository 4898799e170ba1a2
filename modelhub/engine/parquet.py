"""Reading Parquet row by row; it stands here because pyarrow is heavy.

A file of few bytes may claim anything: dictionaries and run lengths pack a hundred million values
into some hundred bytes. What its footer says is held against limits before anything is unpacked;
footers may lie, so the process that reads has a limit of its own (`modelhub.services.file_reader`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BATCH = 500
"""Rows in memory at once."""
BATCH_BYTES = 16_000_000
"""Fewer rows where they are long, by what the footer says of them."""
BUFFER = 1 << 20
"""Bytes read ahead of a column, instead of all of it."""
MOST_FOOTER = 16_000_000
"""Bytes. Real ones have a hundred for each column of each row group."""
MOST_LEAVES = 5_000
"""Columns, those inside of others too."""
MOST_DEPTH = 20
"""Lists and objects inside each other."""
MOST_LIST = 1_000_000
"""Entries of one list of the footer: columns, row groups."""
MOST_GROUPS = 100_000
VALUES_A_ROW = 1_000
"""Of one column, on average: a prompt has 200 turns, and 50 responses, at the most."""
ENDS = b"PAR1"


class Unreadable(Exception):
    """Not a Parquet file, or a damaged one."""


class TooMuch(Exception):
    """It says that it unpacks to more than may be; the sentence goes on after the file's name."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose footer was looked at."""

    path: Path
    columns: Mapping[str, str]
    """Of those to read: as the file calls them → under which name they are wanted."""
    others: Sequence[str]
    """Columns that are never unpacked."""
    row_count: int
    batch: int

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as plain Python values; None in place of what is not unpacked."""
        others = dict.fromkeys(self.others)
        with _opened(self.path) as file:
            for batch in file.iter_batches(
                self.batch, columns=list(self.columns), use_threads=False
            ):
                if set(batch.schema.names) != set(self.columns):
                    raise Unreadable("two of its columns cannot be told apart")
                names = [self.columns[name] for name in batch.schema.names]
                for row in batch.rename_columns(names).to_pylist():
                    yield others | row


Naming = Callable[[Sequence[str]], Sequence[str]]


def table(
    path: Path, *, naming: Naming, wanted: Collection[str], most_rows: int, most_bytes: int
) -> Table:
    """Look at the footer alone; TooMuch where it claims more than may be unpacked.

    `naming` says under which names the columns are wanted; those of `wanted` are read.
    """
    _check_footer(path)
    with _opened(path) as file:
        about = file.metadata
        if about.num_rows > most_rows:
            raise TooMuch(f"has {about.num_rows:,} rows; {most_rows:,} is the most.")
        if about.num_columns > MOST_LEAVES or about.num_row_groups > MOST_GROUPS:
            raise TooMuch("has more columns or row groups than can be read.")
        own = list(file.schema_arrow.names)
        named = dict(zip(own, naming(own), strict=True))
        columns = {name: said for name, said in named.items() if said in wanted}
        unpacked = _unpacked(about, columns)
    if unpacked > most_bytes:
        raise TooMuch(f"unpacks to {unpacked:,} bytes; {most_bytes:,} is the most.")
    batch = BATCH_BYTES * max(1, about.num_rows) // max(1, unpacked)
    return Table(
        path=path,
        columns=columns,
        others=[said for said in named.values() if said not in wanted],
        row_count=int(about.num_rows),
        batch=min(BATCH, max(1, batch)),
    )


def _check_footer(path: Path) -> None:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        length, ends = int.from_bytes(file.read(4), "little"), file.read(4)
    if size < 12 or ends != ENDS or length > size:
        raise Unreadable("its end is missing or damaged")
    if length > MOST_FOOTER:
        raise TooMuch(f"has a footer of {length:,} bytes; {MOST_FOOTER:,} is the most.")


def _unpacked(about: Any, columns: Collection[str]) -> int:
    """Bytes that these columns say they unpack to; TooMuch where one claims endless lists."""
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


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(
            path,
            buffer_size=BUFFER,
            pre_buffer=False,
            thrift_string_size_limit=MOST_FOOTER,
            thrift_container_size_limit=MOST_LIST,
            schema_depth_limit=MOST_DEPTH,
            arrow_extensions_enabled=False,
        ) as file:
            yield file
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(str(error)) from error
