"""Parquet and JSONL of one config and split, under one schema, hashed as they are written.

Records of text have the same keys each and never a null: a text that does not exist is "", since
trainers take nulls badly. `judgements` has columns that only some kinds fill (start, end, strength,
review): JSONL leaves the key out, Parquet, which has one schema, holds a null there.

Rows become Arrow through its own reader of JSON or from buffers (`columns`), never through
`pyarrow.array`: that loads pandas, 50 MB that nothing here needs.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
DATA = "data"
"""The folder of all data files in a release."""
TEXT_ROWS = 500
"""Rows of a Parquet row group of texts: what is held in memory at once."""


@functools.cache
def schemas() -> dict[str, Any]:
    """config → pyarrow schema. The system's allocator gives back what Arrow's own keeps: 50 MB."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # read when it is loaded
    import pyarrow as pa

    text, flag, number = pa.string(), pa.bool_(), pa.int64()
    messages = pa.list_(pa.struct([("role", text), ("content", text)]))
    about = [
        ("kind", text),
        ("example", flag),
        ("prompt_id", text),
        ("category", text),
        ("topics", pa.list_(text)),
        ("intensity", number),
        ("language", text),
        ("rubrics", pa.list_(text)),
    ]
    return {
        "preference": _preference(pa, about, messages),
        "unpaired_preference": _unpaired(pa, about, messages),
        "sft": _sft(pa, about, messages),
        "judgements": _judgements(pa),
    }


_SIDES = ("chosen", "rejected")
_OF_A_SIDE = ("response_id", "model_version_id", "origin")


def _preference(pa: Any, about: list[Any], messages: Any) -> Any:
    text, number, share = pa.string(), pa.int64(), pa.float64()
    cohort = pa.struct(
        [("cohort", text), ("role", text)]
        + [(name, number) for name in ("wins", "ties", "losses")]
        + [(name, share) for name in ("votes", "p")]
    )
    meta = pa.struct(
        about
        + [(f"{who}_{what}", text) for what in _OF_A_SIDE for who in _SIDES]
        + [("p", share), ("length_change", number), ("cohorts", pa.list_(cohort))]
    )
    said = [(name, messages) for name in ("prompt", *_SIDES)]
    return pa.schema([("record_id", text), *said, ("margin", share), ("meta", meta)])


def _unpaired(pa: Any, about: list[Any], messages: Any) -> Any:
    text = pa.string()
    cohort = pa.struct(
        [("cohort", text), ("role", text), ("people", pa.int64()), ("median", pa.float64())]
    )
    meta = pa.struct(
        [*about, *((what, text) for what in _OF_A_SIDE), ("cohorts", pa.list_(cohort))]
    )
    said = [("prompt", messages), ("completion", messages), ("label", pa.bool_())]
    return pa.schema([("record_id", text), *said, ("meta", meta)])


def _sft(pa: Any, about: list[Any], messages: Any) -> Any:
    text = pa.string()
    meta = pa.struct(
        about
        + [(name, text) for name in ("cohort", "role", "origin")]
        + [(f"rewritten_{what}", text) for what in _OF_A_SIDE[:2]]
        + [("length_change", pa.int64())]
    )
    said = [("prompt", messages), ("completion", messages)]
    return pa.schema([("record_id", text), *said, ("meta", meta)])


def _judgements(pa: Any) -> Any:
    text, number = pa.string(), pa.int32()
    about = [("example", pa.bool_()), ("category", text), ("intensity", number)]
    return pa.schema(
        [(name, text) for name in ("record_id", "judgement_id", "round", "prompt_id")]
        + [(name, text) for name in ("response_id", "model_version_id", "rater_pseudonym")]
        + [(name, text) for name in ("cohort", "role", "rubric", "kind", "criterion")]
        + [("value", pa.float64()), ("is_tie", pa.bool_()), ("strength", number)]
        + [("start", number), ("end", number), ("review", text)]
        + [("position", number), ("active_ms", pa.int64())]
        + [("propensity", pa.float64()), ("consent_version", number), ("consent_scope", text)]
        + [("meta", pa.struct([*about, ("language", text)]))]
    )


class FileFact(NamedTuple):
    """A file as the manifest lists it."""

    path: str
    bytes: int
    sha256: str


class HashedFile(io.RawIOBase):
    """A new file that hashes what goes through it."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self.name = name
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._out = path.open("xb", buffering=0)
        self._digest = hashlib.sha256()
        self._size = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """All of it, on to the file."""
        block = memoryview(data)
        self._digest.update(block)
        rest = block
        while rest:
            rest = rest[self._out.write(rest) :]
        self._size += len(block)
        return len(block)

    def tell(self) -> int:
        """Bytes so far."""
        return self._size

    def close(self) -> None:
        """Close it; the hash stays."""
        self._out.close()
        super().close()

    def fact(self) -> FileFact:
        """What the manifest says of it."""
        return FileFact(self.name, self._size, self._digest.hexdigest())


class Written(NamedTuple):
    """A row group: the same rows as lines and as Arrow columns."""

    lines: memoryview | bytes
    columns: list[Any]


class Background:
    """One thread that makes and writes row groups while the next is gathered.

    Most of that work is not Python's and needs no lock of it. One group is under way at a time,
    whichever files it is for, so that no more than two are in memory.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._under_way: Future[None] | None = None

    def do(self, work: Callable[[], None]) -> None:
        """Once the last is done."""
        self.wait()
        self._under_way = self._thread.submit(work)

    def wait(self) -> None:
        """Until the last is done; what went wrong there is raised here, once."""
        if last := self._under_way:
            self._under_way = None
            last.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()


class Files:
    """`data/CONFIG/SPLIT.parquet` and `.jsonl`, written side by side in the background.

    `layout.settle` moves them to `data/HASH/` once all of them are written.
    """

    def __init__(
        self, folder: Path, name: str, split: str, schema: Any, background: Background
    ) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.rows = 0
        self._schema = schema
        self._background = background
        base = f"{DATA}/{name}/{split}"
        self._lines = HashedFile(folder, f"{base}.jsonl")
        self._table = HashedFile(folder, f"{base}.parquet")
        self._parquet = pq.ParquetWriter(
            pa.PythonFile(self._table, mode="w"), schema, compression="zstd"
        )

    def add(self, make: Callable[[], Written], rows: int) -> None:
        """A row group of so many rows, made in the background."""
        self._background.do(functools.partial(self._write, make))
        self.rows += rows

    def _write(self, make: Callable[[], Written]) -> None:
        import pyarrow as pa

        lines, columns = make()
        self._lines.write(lines)
        self._parquet.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> list[FileFact]:
        """End both files; what the manifest says of them."""
        self._background.wait()
        self._parquet.close()
        for file in (self._lines, self._table):
            file.close()
        return [self._lines.fact(), self._table.fact()]


class TextFiles:
    """Files of records, some hundred at a time."""

    def __init__(self, files: Files, schema: Any) -> None:
        self._files = files
        self._schema = schema
        self._lines: list[str] = []

    def add(self, record: dict[str, Any]) -> None:
        """One record, with the keys of the schema in its order."""
        self._lines.append(as_line(record))
        if len(self._lines) == TEXT_ROWS:
            self._flush()

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        self._files.add(functools.partial(_as_written, lines, self._schema), len(lines))

    @property
    def rows(self) -> int:
        """Written so far, and about to be."""
        return self._files.rows + len(self._lines)

    def close(self) -> list[FileFact]:
        """Write the rest and end the files."""
        if self._lines:
            self._flush()
        return self._files.close()


def _as_written(lines: list[str], schema: Any) -> Written:
    import pyarrow.json as pj

    data = "".join(lines).encode()
    table = pj.read_json(
        io.BytesIO(data),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    return Written(data, [table[name].combine_chunks() for name in schema.names])


def as_line(value: Any) -> str:
    """One line of JSONL, always written the same way."""
    return ENCODER.encode(value) + "\n"


def to_disk(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
