"""Reading Parquet row by row; it stands here because pyarrow is heavy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BATCH = 500
"""Rows in memory at once."""
BUFFER = 1 << 20
"""Bytes read ahead of a column, instead of all of it."""


class Unreadable(Exception):
    """Not a Parquet file, or a damaged one."""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Each row as plain Python values."""
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
            yield from batch.to_pylist()


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
