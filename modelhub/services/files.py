"""Reading rows out of files one after another, never a whole file at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from codesign.shared.errors import Invalid, TooLarge
from modelhub.engine import parquet
from modelhub.rules.imports import MOST_BYTES, MOST_LINE, BadRow, columns_of, row_of_table

if TYPE_CHECKING:
    from _csv import Reader

Row = tuple[int, Any]
"""(line, what stood there): a value, or the BadRow that says why there is none."""
BLOCK = 1 << 20
PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
}
"""How compressed files begin."""


def read_rows(*, path: Path, name: str = "") -> Iterator[Row]:
    """Every row of a JSONL, CSV or Parquet file with the line it stands on (from 1).

    `name` is what the file is called where it lies under another name.
    """
    name = name or path.name
    return _reader(path, name)(path, name)


def expected_rows(*, path: Path) -> int:
    """How many rows a file may hold, to say how far its reading is: exact only for Parquet."""
    if path.suffix.lower() == ".parquet":
        try:
            return parquet.row_count(path)
        except parquet.Unreadable:
            return 0
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


def _reader(path: Path, name: str) -> Callable[[Path, str], Iterator[Row]]:
    readers = {".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _csv, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if not path.is_file():
        raise Invalid(f"There is no file {name}.")
    if reader is None:
        raise Invalid(f"{name} is not a file that can be read: use .jsonl, .csv or .parquet.")
    size = path.stat().st_size
    if not size:
        raise Invalid(f"{name} is empty. Please choose a file with a row for each prompt.")
    if size > MOST_BYTES:
        sentence = f"{name} has {size:,} bytes; {MOST_BYTES:,} is the most. Please split it."
        raise TooLarge(sentence)
    with path.open("rb") as file:
        begins = file.read(6)
    if begins[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Invalid(f"{name} is written as UTF-16. Please save it as UTF-8.")
    if packed := [kind for sign, kind in PACKED.items() if begins.startswith(sign)]:
        raise Invalid(f"{name} is compressed ({packed[0]}). Please unpack it first.")
    return reader


def _json_lines(path: Path, name: str) -> Iterator[Row]:
    with path.open("rb") as file:
        for line, raw in enumerate(iter(lambda: file.readline(MOST_LINE + 1), b""), 1):
            if line == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
                if raw.lstrip().startswith(b"["):
                    sentence = "is one JSON list. Please write one object on each line (JSONL)."
                    raise Invalid(f"{name} {sentence}")
            if len(raw) > MOST_LINE:
                _skip_line(file, raw)
                yield line, BadRow(f"the line has more than {MOST_LINE:,} bytes.")
            elif raw.strip():
                yield line, _json_value(raw)


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(BLOCK)


def _json_value(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode())
    except UnicodeDecodeError:
        return BadRow("the line is not UTF-8 text.")
    except RecursionError:
        return BadRow("the line is not valid JSON (nested too deeply).")
    except ValueError as error:
        return BadRow(f"the line is not valid JSON ({error}).")


def _csv(path: Path, name: str) -> Iterator[Row]:
    # The standard library's own limit is below our longest text.
    csv.field_size_limit(MOST_LINE)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader, columns = _table(file, name)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield (
                    line,
                    BadRow(f"the line is not valid CSV ({error}); nothing after it could be read."),
                )
                return
            if not cells:
                continue
            try:
                if len(cells) > len(columns):
                    raise BadRow("the line has more cells than there are columns.")
                yield line, row_of_table(dict(zip(columns, cells, strict=False)))
            except BadRow as problem:
                yield line, problem


def _table(file: TextIO, name: str) -> tuple[Reader, list[str]]:
    """The lines after the first, and what the first calls their cells.

    Where a comma is the decimal sign, tables are saved with semicolons between the cells.
    """
    problem: Exception | None = None
    for between in (",", ";", "\t"):
        file.seek(0)
        reader = csv.reader(file, delimiter=between, strict=True)
        try:
            return reader, columns_of(next(reader, []))
        except (csv.Error, BadRow) as error:
            problem = problem or error
    raise Invalid(f"The first line of {name} cannot be used: {problem}")


def _parquet(path: Path, name: str) -> Iterator[Row]:
    try:
        columns = columns_of(parquet.column_names(path))
        yield from enumerate(parquet.rows(path, columns), 1)
    except BadRow as problem:
        raise Invalid(f"{name} cannot be used: {problem}") from None
    except parquet.Unreadable as error:
        raise Invalid(f"{name} cannot be read as Parquet ({error}).") from error
