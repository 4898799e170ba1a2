"""Reading rows out of files one after another, never a whole file at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from codesign.shared.errors import Invalid
from modelhub.engine import parquet
from modelhub.rules.imports import BadRow, row_of_table

Row = tuple[int, Any]
"""(line, what stood there): a value, or the BadRow that says why there is none."""
MOST_CELL = 64 * 1024 * 1024
"""Characters of one CSV cell; the standard library's own limit is below our longest text."""


def read_rows(*, path: Path) -> Iterator[Row]:
    """Every row of a JSONL, CSV or Parquet file with the line it stands on (from 1)."""
    readers: dict[str, Callable[[Path], Iterator[Row]]] = {
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".csv": _csv,
        ".parquet": _parquet,
    }
    reader = readers.get(path.suffix.lower())
    if not path.is_file():
        raise Invalid(f"There is no file {path}.")
    if reader is None:
        raise Invalid(f"{path.name} is not a file that can be read: use .jsonl, .csv or .parquet.")
    return reader(path)


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for line, raw in enumerate(file, 1):
            if line == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if raw.strip():
                yield line, _json_value(raw)


def _json_value(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode())
    except UnicodeDecodeError:
        return BadRow("the line is not UTF-8 text.")
    except RecursionError:
        return BadRow("the line is not valid JSON (nested too deeply).")
    except ValueError as error:
        return BadRow(f"the line is not valid JSON ({error}).")


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(MOST_CELL)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if "prompt" not in (reader.fieldnames or []):
            raise Invalid(f"{path.name} has no column called prompt in its first line.")
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, BadRow(f"the line is not valid CSV ({error}).")
                return
            try:
                if None in cells:
                    raise BadRow("the line has more cells than there are columns.")
                yield line, row_of_table(cells)
            except BadRow as problem:
                yield line, problem


def _parquet(path: Path) -> Iterator[Row]:
    try:
        yield from enumerate(parquet.rows(path), 1)
    except parquet.Unreadable as error:
        raise Invalid(f"{path.name} cannot be read as Parquet ({error}).") from error
