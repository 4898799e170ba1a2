"""Reading Parquet row by row; it stands here because pyarrow is heavy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

BATCH = 500
"""Rows in memory at once."""


class Unreadable(Exception):
    """Not a Parquet file, or a damaged one."""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Each row as plain Python values."""
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH):
                yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        raise Unreadable(str(error)) from error
