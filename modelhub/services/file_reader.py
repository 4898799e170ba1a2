"""Reads one file of prompts in a separate process with limits of memory and time.

The declared size of a file cannot be trusted: 509 bytes of Parquet can claim a hundred million
values. So this process sets its limits first (`main`), checks the declared sizes before it unpacks
anything, and writes the checked rows to standard output, one JSON text per line:

- `{"total": n}`: the number of rows; exact for Parquet and JSON bodies, else an upper bound;
- a row (see `packed`), or `[line, "sentence"]` for an invalid row;
- `{"refused": [status, sentence, field]}`: why nothing more can be read;
- `{"done": true}`: the end. Without this message the process died.

It needs no database. Its only setting is the language of its sentences.
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

from django.apps import apps
from django.conf import settings
from django.utils.translation import activate, gettext_lazy
from django.utils.translation import gettext as _

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
"""Memory limit of this process in bytes (RLIMIT_DATA). The largest files need under 350 MB."""
MOST_TEXT = MOST_BYTES
"""Characters of all rows together. Compressed files get the same limit as plain text."""
UNPACKED_ANYWAY, UNPACKS = 20_000_000, 100
"""Characters that any file may unpack to, and additional characters per byte of the file. Texts
compress to a fifth of their size, repeated texts to a fiftieth."""
MOST_UNPACKED = 2 * MOST_BYTES
"""Declared unpacked bytes of the used columns of a Parquet file. A character may need two bytes,
and the declared size includes the structure of lists."""
MOST_PROBLEM = 500
"""Characters of the error message of a row, which may quote the row."""
TOO_MANY = gettext_lazy("There are more than %(most)s rows. Please split the file.")
MOST_UNUSED = 500
"""Unknown columns that are reported, of all rows together."""
LOCALES = Path(__file__).resolve().parents[2]
BLOCK = 1 << 20
BUFFER = 1 << 17
"""Size in bytes of the output buffer."""
PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
}
"""First bytes of compressed files."""
Raw = tuple[int, Any]
"""(line, value), or (line, BadRow) for an invalid row."""
Read = tuple[int, Iterator[Raw]]
"""The number of rows, which may be an upper bound, and the rows."""


class Refused(Exception):
    """Nothing (more) of the file can be read. `status` is of HTTP, `field` one of the JSON body."""

    def __init__(self, sentence: str, *, status: int = 400, field: str = "") -> None:
        super().__init__(sentence)
        self.message = [status, sentence, field]


def _too_many_rows() -> Refused:
    return Refused(TOO_MANY % {"most": f"{MOST_ROWS:,}"}, status=413)


def open_file(*, path: Path, name: str) -> Read:
    """Return the unchecked rows of a JSONL, CSV or Parquet file, or of a JSON body."""
    readers: dict[str, Callable[[Path, str], Read]] = {
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".csv": _csv,
        ".parquet": _parquet,
        BODY: _body,
    }
    reader = readers.get(path.suffix.lower())
    if not path.is_file():
        raise Refused(_("There is no file %(name)s.") % {"name": name})
    if reader is None:
        raise Refused(
            _("%(name)s has an unknown format. Please use .jsonl, .csv or .parquet.")
            % {"name": name}
        )
    size = path.stat().st_size
    if not size:
        raise Refused(
            _("%(name)s is empty. Please choose a file with a row for each prompt.")
            % {"name": name}
        )
    if size > MOST_BYTES:
        sentence = _(
            "%(name)s has %(size)s bytes; the limit is %(most)s. Please split the file."
        ) % {"name": name, "size": f"{size:,}", "most": f"{MOST_BYTES:,}"}
        raise Refused(sentence, status=413)
    with path.open("rb") as file:
        begins = file.read(6)
    if begins[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Refused(_("%(name)s is written as UTF-16. Please save it as UTF-8.") % {"name": name})
    if kinds := [kind for sign, kind in PACKED.items() if begins.startswith(sign)]:
        raise Refused(
            _("%(name)s is compressed (%(kind)s). Please unpack it first.")
            % {"name": name, "kind": kinds[0]}
        )
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
                    raise Refused(
                        _(
                            "%(name)s is one JSON list. Please write one object on each line "
                            "(JSONL)."
                        )
                        % {"name": name}
                    )
            if len(raw) > MOST_LINE:
                _skip_line(file, raw)
                yield (
                    line,
                    BadRow(
                        _("the line has more than %(most)s bytes.") % {"most": f"{MOST_LINE:,}"}
                    ),
                )
            elif raw.split():
                yield line, _json_value(raw)


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(BLOCK)


def _json_value(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode())
    except UnicodeDecodeError:
        return BadRow(_("the line is not UTF-8 text."))
    except RecursionError:
        return BadRow(_("the line is not valid JSON (nested too deeply)."))
    except ValueError as error:
        return BadRow(_("the line is not valid JSON (%(error)s).") % {"error": error})


def _body(path: Path, name: str) -> Read:
    """Read the API's JSON body, `{"prompts": [row, …]}`."""
    try:
        body = json.loads(path.read_bytes().decode())
    except RecursionError:
        raise Refused(_("The JSON is nested too deeply.")) from None
    except ValueError:
        raise Refused(_("The body could not be read. Please send JSON, as UTF-8.")) from None
    if not isinstance(body, dict) or not isinstance(body.get("prompts"), list):
        raise Refused(
            _("Please send an object with a list of rows called “prompts”."), field="prompts"
        )
    if len(body["prompts"]) > MOST_ROWS:
        raise _too_many_rows()
    return len(body["prompts"]), enumerate(body["prompts"], 1)


def _csv(path: Path, name: str) -> Read:
    return _line_count(path), _csv_rows(path, name)


def _csv_rows(path: Path, name: str) -> Iterator[Raw]:
    # The default limit of the csv module is lower than the longest text that we accept.
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
                sentence = _(
                    "the line is not valid CSV (%(error)s); nothing after it could be read."
                ) % {"error": error}
                yield line, BadRow(sentence)
                return
            if not cells:
                continue
            try:
                if len(cells) > len(columns):
                    raise BadRow(_("the line has more cells than there are columns."))
                yield line, row_of_table(dict(zip(columns, cells, strict=False)))
            except BadRow as problem:
                yield line, problem


def _table(file: TextIO, name: str) -> tuple[Reader, list[str]]:
    """Return a reader of the lines after the header, and the names of the columns.

    Spreadsheets use semicolons as delimiters in countries with a decimal comma.
    """
    problem: Exception | None = None
    for delimiter in (",", ";", "\t"):
        file.seek(0)
        reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
        try:
            return reader, columns_of(next(reader, []))
        except (csv.Error, BadRow) as error:
            problem = problem or error
    raise Refused(
        _("%(name)s has an invalid first line: %(problem)s") % {"name": name, "problem": problem}
    )


def _lines(file: TextIO) -> Iterator[str]:
    """Yield the lines of a text; raises BadRow for a line that is too long."""
    while line := file.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise BadRow(_("it has more than %(most)s characters") % {"most": f"{MOST_LINE:,}"})
        yield line


def _parquet(path: Path, name: str) -> Read:
    with _refusing(name):
        table = parquet.table(
            path, naming=columns_of, wanted=COLUMNS, most_rows=MOST_ROWS, most_bytes=MOST_UNPACKED
        )
    return table.row_count, _parquet_rows(table, name)


def _parquet_rows(table: parquet.Table, name: str) -> Iterator[Raw]:
    with _refusing(name):
        yield from enumerate(table.rows(), 1)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn errors of Parquet files into Refused."""
    try:
        yield
    except BadRow as problem:
        raise Refused(
            _("%(name)s cannot be imported: %(problem)s") % {"name": name, "problem": problem}
        ) from None
    except parquet.TooMuch as error:
        raise Refused(
            _("%(name)s %(problem)s Please split the file.") % {"name": name, "problem": error},
            status=413,
        ) from error
    except parquet.Unreadable as error:
        raise Refused(
            _("%(name)s cannot be read as Parquet (%(error)s).") % {"name": name, "error": error}
        ) from error


def messages(*, rows: Iterator[Raw], most_text: int) -> Iterator[list[Any]]:
    """Yield each valid row, and the error of each invalid row; raises Refused for too many.

    `most_text` is the limit of characters of all rows together.
    """
    characters = 0
    named: set[str] = set()
    for number, (line, raw) in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise _too_many_rows()
        try:
            if isinstance(raw, BadRow):
                raise raw
            row = import_row(raw, line=line)
            if row.characters > MOST_LINE:
                raise BadRow(
                    _("the row has more than %(most)s characters.") % {"most": f"{MOST_LINE:,}"}
                )
        except BadRow as problem:
            yield [line, str(problem)[:MOST_PROBLEM]]
            continue
        characters += row.characters
        if characters > most_text:
            sentence = _("The texts unpack to more than %(most)s characters.") % {
                "most": f"{most_text:,}"
            }
            raise Refused(sentence, status=413)
        unused = [name for name in row.unused if name not in named][: MOST_UNUSED - len(named)]
        named.update(unused)
        yield packed(row, unused)


def main(*, path: str, name: str, most_text: str, seconds: str, language: str) -> None:
    """Read a file with limits, and write messages to standard output."""
    limit_itself(seconds=int(seconds))
    speak(language=language)
    out = open(sys.stdout.fileno(), "wb", buffering=BUFFER, closefd=False)  # noqa: SIM115
    to_json = json.JSONEncoder(
        ensure_ascii=False, check_circular=False, separators=(",", ":")
    ).encode

    def write(message: Any) -> None:
        out.write(to_json(message).encode(errors="backslashreplace") + b"\n")

    try:
        total, rows = open_file(path=Path(path), name=name)
        write({"total": total})
        out.flush()
        bound = UNPACKED_ANYWAY + UNPACKS * Path(path).stat().st_size
        for message in messages(rows=rows, most_text=min(bound, int(most_text))):
            write(message)
        write({"done": True})
    except Refused as refused:
        write({"refused": refused.message})
    except MemoryError:
        gc.collect()
        sentence = _("%(name)s is too large to be read at once.") % {"name": name}
        write({"refused": [413, sentence, ""]})
    except Exception as error:
        sentence = _("%(name)s cannot be read: its content is not understood.") % {"name": name}
        where = "".join(traceback.format_tb(error.__traceback__))
        write({"refused": [400, sentence, ""], "log": f"{type(error).__name__}\n{where}"})
    out.flush()


def speak(*, language: str) -> None:
    """Translate the sentences of this process; without the apps, which would load the models."""
    folders = [str(LOCALES / app / "locale") for app in ("annotations", "modelhub")]
    settings.configure(LANGUAGE_CODE=language, LOCALE_PATHS=folders)
    apps.populate([])
    activate(language)


def limit_itself(*, seconds: int) -> None:
    """Let the system end this process if it uses too much, or if its output is closed."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()


if __name__ == "__main__":
    NAMES = ("path", "name", "most_text", "seconds", "language")
    main(**dict(zip(NAMES, sys.argv[1:], strict=True)))
