"""Reads one file of prompts, in a process of its own that the system limits in memory and time.

A file says how much it unpacks to, and may lie: 509 bytes of Parquet can claim a hundred million
values. So this process sets its limits first (`main`), checks what the file says before anything
is unpacked, and writes rows that were checked to its standard output, one JSON text a line:

- `{"total": n}`: how many rows the file may hold; exact for Parquet and JSON bodies;
- a row, see `packed`; `[line, "sentence"]`: what is wrong with a row;
- `{"refused": [status, sentence, field]}`: why nothing more can be read;
- `{"done": true}`: the end; without it the process died.

It needs no database and no settings.
"""

from __future__ import annotations

import csv
import gc
import json
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from modelhub.engine import parquet
from modelhub.rules.imports import (
    BODY,
    COLUMNS,
    MOST_BYTES,
    MOST_LINE,
    MOST_ROWS,
    BadRow,
    columns_of,
    import_row,
    packed,
    row_of_table,
)

if TYPE_CHECKING:
    from _csv import Reader

MEMORY = 512_000_000
"""Bytes that this process may hold (RLIMIT_DATA). The largest files need less than 350 MB."""
MOST_TEXT = MOST_BYTES
"""Characters of all rows together: no file of text holds more, so none that is packed may."""
UNPACKED_ANYWAY, UNPACKS = 20_000_000, 100
"""Characters that any file may unpack to, and how many more for each of its bytes: texts pack to a
fifth, the same few ones again and again to a fiftieth."""
MOST_UNPACKED = 2 * MOST_BYTES
"""Bytes that the used columns of a Parquet file may say they unpack to: a character may have two,
and what tells lists and gaps apart is counted too."""
MOST_PROBLEM = 500
"""Characters of what is wrong with a row; it may repeat what stands there."""
TOO_MANY = f"There are more than {MOST_ROWS:,} rows. Please split the file."
MOST_UNUSED = 500
"""Columns without a meaning that are named, of all rows together."""
BLOCK = 1 << 20
BUFFER = 1 << 17
"""Bytes that are written at a time."""
PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
}
"""How compressed files begin."""
Raw = tuple[int, Any]
"""(line, what stood there): a value, or the BadRow that says why there is none."""
Read = tuple[int, Iterator[Raw]]
"""How many rows a file may hold, and the rows."""


class Refused(Exception):
    """Nothing (more) of the file can be read: `status` as of HTTP, `field` of a JSON body."""

    def __init__(self, sentence: str, *, status: int = 400, field: str = "") -> None:
        super().__init__(sentence)
        self.message = [status, sentence, field]


def open_file(*, path: Path, name: str) -> Read:
    """The rows of a JSONL, CSV or Parquet file, or of a JSON body, as they stand there."""
    readers: dict[str, Callable[[Path, str], Read]] = {
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".csv": _csv,
        ".parquet": _parquet,
        BODY: _body,
    }
    reader = readers.get(path.suffix.lower())
    if not path.is_file():
        raise Refused(f"There is no file {name}.")
    if reader is None:
        raise Refused(f"{name} is not a file that can be read: use .jsonl, .csv or .parquet.")
    size = path.stat().st_size
    if not size:
        raise Refused(f"{name} is empty. Please choose a file with a row for each prompt.")
    if size > MOST_BYTES:
        sentence = f"{name} has {size:,} bytes; {MOST_BYTES:,} is the most. Please split it."
        raise Refused(sentence, status=413)
    with path.open("rb") as file:
        begins = file.read(6)
    if begins[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Refused(f"{name} is written as UTF-16. Please save it as UTF-8.")
    if kinds := [kind for sign, kind in PACKED.items() if begins.startswith(sign)]:
        raise Refused(f"{name} is compressed ({kinds[0]}). Please unpack it first.")
    return reader(path, name)


def _line_count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


def _json_lines(path: Path, name: str) -> Read:
    return _line_count(path), _json_rows(path, name)


def _json_rows(path: Path, name: str) -> Iterator[Raw]:
    with path.open("rb") as file:
        for line, raw in enumerate(iter(lambda: file.readline(MOST_LINE + 1), b""), 1):
            if line == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
                if raw.lstrip().startswith(b"["):
                    sentence = "is one JSON list. Please write one object on each line (JSONL)."
                    raise Refused(f"{name} {sentence}")
            if len(raw) > MOST_LINE:
                _skip_line(file, raw)
                yield line, BadRow(f"the line has more than {MOST_LINE:,} bytes.")
            elif raw.split():
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


def _body(path: Path, name: str) -> Read:
    """`{"prompts": [row, …]}`, as the API takes it."""
    try:
        body = json.loads(path.read_bytes().decode())
    except RecursionError:
        raise Refused("This is nested too deeply.") from None
    except ValueError:
        raise Refused("This could not be read. Please send JSON, as UTF-8.") from None
    if not isinstance(body, dict) or not isinstance(body.get("prompts"), list):
        raise Refused("Please send an object with a list of rows.", field="prompts")
    if len(body["prompts"]) > MOST_ROWS:
        raise Refused(TOO_MANY, status=413)
    return len(body["prompts"]), enumerate(body["prompts"], 1)


def _csv(path: Path, name: str) -> Read:
    return _line_count(path), _csv_rows(path, name)


def _csv_rows(path: Path, name: str) -> Iterator[Raw]:
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
            except (csv.Error, BadRow) as error:
                sentence = f"the line is not valid CSV ({error}); nothing after it could be read."
                yield line, BadRow(sentence)
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
        reader = csv.reader(_lines(file), delimiter=between, strict=True)
        try:
            return reader, columns_of(next(reader, []))
        except (csv.Error, BadRow) as error:
            problem = problem or error
    raise Refused(f"The first line of {name} cannot be used: {problem}")


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of a text, none of them endless."""
    while line := file.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise BadRow(f"it has more than {MOST_LINE:,} characters")
        yield line


def _parquet(path: Path, name: str) -> Read:
    with _in_words(name):
        table = parquet.table(
            path, naming=columns_of, wanted=COLUMNS, most_rows=MOST_ROWS, most_bytes=MOST_UNPACKED
        )
    return table.row_count, _parquet_rows(table, name)


def _parquet_rows(table: parquet.Table, name: str) -> Iterator[Raw]:
    with _in_words(name):
        yield from enumerate(table.rows(), 1)


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    try:
        yield
    except BadRow as problem:
        raise Refused(f"{name} cannot be used: {problem}") from None
    except parquet.TooMuch as error:
        raise Refused(f"{name} {error} Please split the file.", status=413) from error
    except parquet.Unreadable as error:
        raise Refused(f"{name} cannot be read as Parquet ({error}).") from error


def messages(*, rows: Iterator[Raw], most_text: int) -> Iterator[list[Any]]:
    """Each row as it can come in, or what is wrong with it; Refused where they are too many.

    `most_text` is how many characters all rows may have.
    """
    characters = 0
    named: set[str] = set()
    for number, (line, raw) in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise Refused(TOO_MANY, status=413)
        try:
            if isinstance(raw, BadRow):
                raise raw
            row = import_row(raw, line=line)
            if row.characters > MOST_LINE:
                raise BadRow(f"the row holds more than {MOST_LINE:,} characters.")
        except BadRow as problem:
            yield [line, str(problem)[:MOST_PROBLEM]]
            continue
        characters += row.characters
        if characters > most_text:
            raise Refused(f"The texts unpack to more than {most_text:,} characters.", status=413)
        unused = [one for one in row.unused if one not in named][: MOST_UNUSED - len(named)]
        named.update(unused)
        yield packed(row, unused)


def main(*, path: str, name: str, most_text: str, seconds: str) -> None:
    """Read it under limits; what it says is written to standard output."""
    limit_itself(seconds=int(seconds))
    out = open(sys.stdout.fileno(), "wb", buffering=BUFFER, closefd=False)  # noqa: SIM115
    say = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

    def tell(message: Any) -> None:
        out.write(say(message).encode(errors="backslashreplace") + b"\n")

    try:
        total, rows = open_file(path=Path(path), name=name)
        tell({"total": total})
        out.flush()
        bound = UNPACKED_ANYWAY + UNPACKS * Path(path).stat().st_size
        for message in messages(rows=rows, most_text=min(bound, int(most_text))):
            tell(message)
        tell({"done": True})
    except Refused as refused:
        tell({"refused": refused.message})
    except MemoryError:
        gc.collect()
        tell({"refused": [413, f"{name} unpacks to more than can be read at once.", ""]})
    except Exception as error:
        sentence = f"{name} cannot be read: what stands in it cannot be understood."
        where = "".join(traceback.format_tb(error.__traceback__))
        tell({"refused": [400, sentence, ""], "log": f"{type(error).__name__}\n{where}"})
    out.flush()


def limit_itself(*, seconds: int) -> None:
    """Have the system end this process where it takes too much, or where nobody reads it."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()


if __name__ == "__main__":
    main(**dict(zip(("path", "name", "most_text", "seconds"), sys.argv[1:], strict=True)))
