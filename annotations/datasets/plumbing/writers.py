"""Parquet and JSONL of one config and split, written side by side under one schema.

Records of text all have the same keys and never a null: a text that does not exist is "", because
trainers handle nulls badly. `judgements` has columns that only some kinds fill (start, end,
strength, review): JSONL leaves the key out, Parquet has a null there.

Rows become Arrow through Arrow's own JSON reader or from buffers (`columns`), never through
`pyarrow.array`, which loads pandas: 50 MB that nothing here needs.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from annotations.datasets.plumbing.files import DATA, FileEntry, HashedFile, as_line

TEXT_ROWS = 2_000
TEXT_CHARACTERS = 2**21
"""Rows of text in a Parquet row group, or fewer if they have so many characters: so much is in
memory at once."""


class RowGroup(NamedTuple):
    """The same rows as JSON lines and as Arrow arrays in the order of the schema."""

    lines: memoryview | bytes
    columns: list[Any]


class BackgroundWriter:
    """One thread that makes and writes row groups while the next rows are gathered.

    Most of that work is done outside of the interpreter's lock. One row group is written at a time,
    for whichever files, so that at most two are in memory.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._running: Future[None] | None = None

    def submit(self, work: Callable[[], None]) -> None:
        """Start the work once the last is done."""
        self.wait()
        self._running = self._thread.submit(work)

    def wait(self) -> None:
        """Wait for the last work; raises its error, once."""
        if running := self._running:
            self._running = None
            running.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()


class ConfigFiles:
    """`data/CONFIG/SPLIT.parquet` and `.jsonl`, written side by side in the background.

    `layout.move_to_hashed_folder` moves them to `data/HASH/` once all of them are written.
    """

    def __init__(
        self, folder: Path, config: str, split: str, schema: Any, background: BackgroundWriter
    ) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.rows = 0
        self._schema = schema
        self._background = background
        base = f"{DATA}/{config}/{split}"
        self._jsonl = HashedFile(folder, f"{base}.jsonl")
        self._parquet = HashedFile(folder, f"{base}.parquet")
        self._parquet_writer = pq.ParquetWriter(
            pa.PythonFile(self._parquet, mode="w"), schema, compression="zstd"
        )

    def add(self, make: Callable[[], RowGroup], rows: int) -> None:
        """A row group of so many rows; `make` is called in the background."""
        self._background.submit(functools.partial(self._write, make))
        self.rows += rows

    def _write(self, make: Callable[[], RowGroup]) -> None:
        import pyarrow as pa

        group = make()
        self._jsonl.write(group.lines)
        self._parquet_writer.write_table(pa.Table.from_arrays(group.columns, schema=self._schema))

    def close(self) -> list[FileEntry]:
        """Finish both files and return what the manifest says of them."""
        self._background.wait()
        self._parquet_writer.close()
        for file in (self._jsonl, self._parquet):
            file.close()
        return [self._jsonl.entry(), self._parquet.entry()]


class TextFiles:
    """Files of records of text, about `TEXT_ROWS` in a row group."""

    def __init__(self, files: ConfigFiles, schema: Any) -> None:
        self._files = files
        self._schema = schema
        self._lines: list[str] = []
        self._characters = 0

    def add(self, record: dict[str, Any]) -> None:
        """Add one record; it has the keys of the schema in its order."""
        self.add_line(as_line(record))

    def add_line(self, line: str) -> None:
        """Add the JSON line of one record."""
        self._lines.append(line)
        self._characters += len(line)
        if len(self._lines) == TEXT_ROWS or self._characters >= TEXT_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        lines, self._lines, self._characters = self._lines, [], 0
        self._files.add(functools.partial(_row_group, lines, self._schema), len(lines))

    @property
    def rows(self) -> int:
        """Records added so far."""
        return self._files.rows + len(self._lines)

    def close(self) -> list[FileEntry]:
        """Write the remaining records and finish the files."""
        if self._lines:
            self._flush()
        return self._files.close()


def _row_group(lines: list[str], schema: Any) -> RowGroup:
    import pyarrow.json as pj

    data = "".join(lines).encode()
    table = pj.read_json(
        io.BytesIO(data),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    return RowGroup(data, [table[name].combine_chunks() for name in schema.names])
