"""Reading Parquet row by row; it stands here because pyarrow is heavy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BATCH = 500
"""Rows in memory at once."""
BUFFER = 1 << 20
"""Bytes read ahead of a column, instead of all of it."""


class Unreadable(Exception):
    """Not a Parquet file, or a damaged one."""


def column_names(path: Path) -> list[str]:
    """What the columns are called, in their order."""
    with _opened(path) as file:
        return list(file.schema_arrow.names)


def rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Each row as plain Python values, under these names in the order of the file's columns."""
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            yield from batch.rename_columns(list(columns)).to_pylist()


def row_count(path: Path) -> int:
    """How many rows there are, as the file says."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
            yield file
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(str(error)) from error
