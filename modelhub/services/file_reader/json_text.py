"""JSON Lines, JSON files with a list of rows, and bodies of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, TextIO

from django.utils.translation import gettext as _

from modelhub.rules.imports import MOST_LINE, MOST_ROWS
from modelhub.rules.raw_rows import BadRow, Raw, RawRows, rows_of_body
from modelhub.services.file_reader.content import BLOCK, Content
from modelhub.services.file_reader.refusals import Refused, too_many_rows

BOM = b"\xef\xbb\xbf"
PART = 1 << 18
"""Characters of a list that are read at once."""
_SPACE = re.compile(r"[ \t\r\n]*")


def lines(*, content: Content) -> RawRows:
    """Return the rows of a file with one JSON object on each line."""
    return RawRows(
        columns=None, total=content.count(b"\n"), read=lambda _wanted: _line_rows(content)
    )


def _line_rows(content: Content) -> Iterator[Raw]:
    with content.opened() as file:
        for line, raw in enumerate(iter(lambda: file.readline(MOST_LINE + 1), b""), 1):
            if line == 1:
                raw = raw.removeprefix(BOM)
            if len(raw) > MOST_LINE:
                _skip_line(file, raw)
                sentence = _("the line has more than %(most)s bytes.")
                yield line, BadRow(sentence % {"most": f"{MOST_LINE:,}"})
            elif not raw.isspace():
                yield line, _value(raw)


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(BLOCK)


def _value(raw: bytes) -> Any:
    """Return the value of a line. Bytes that are not UTF-8 do no harm in columns without use."""
    try:
        return json.loads(raw.decode(errors="surrogateescape"))
    except RecursionError:
        return BadRow(_("the line is not valid JSON (nested too deeply)."))
    except json.JSONDecodeError as error:
        problem = _("%(problem)s in column %(column)d")
        problem %= {"problem": error.msg, "column": error.colno}
    except ValueError as error:
        problem = str(error)
    return BadRow(_("the line is not valid JSON (%(error)s).") % {"error": problem})


def document(*, content: Content) -> RawRows:
    """Return the rows of a JSON file: a list of objects, an object with such a list, or one row."""
    if content.beginning().removeprefix(BOM).lstrip().startswith(b"["):
        return RawRows(
            columns=None, total=content.count(b"{"), read=lambda _wanted: _list_rows(content)
        )
    with content.text() as file:
        text = file.read()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        sentence = _("%(name)s is not valid JSON (%(error)s).")
        raise Refused(sentence % {"name": content.name, "error": error}) from None
    if isinstance(value, dict) and (_is_of_columns(value) or _is_of_splits(value)):
        sentence = _(
            '%(name)s is not a list of rows. Please save it as [{"prompt": …}, …], or with one '
            "such row on each line (JSONL)."
        )
        raise Refused(sentence % {"name": content.name})
    return of_values(values=_rows_in(value))


def _is_of_columns(value: dict[str, Any]) -> bool:
    """Return whether a document has an object for each column or row, or lists of cells.

    Data frames write these.
    """
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return True
    objects = list(value.values())
    if not objects or not all(isinstance(one, dict) for one in objects):
        return False
    first = objects[0]
    if any(one.keys() != first.keys() for one in objects) or {"role", "from"} & first.keys():
        return False
    return "0" in first or "prompt" in first or (len(objects) > 1 and "prompt" not in value)


def _is_of_splits(value: dict[str, Any]) -> bool:
    """Return whether a document has several lists of rows and nothing else."""
    return len(value) > 1 and all(map(_is_list_of_rows, value.values()))


def _rows_in(value: Any) -> list[Any]:
    """Return the rows of a JSON document that is an object.

    A trace with its observations is one row.
    """
    if "observations" in value and value.keys() & {"trace", "input", "sessionId"}:
        return [value]
    lists = [one for one in value.values() if _is_list_of_rows(one)] if value else []
    return lists[0] if len(lists) == 1 and "prompt" not in value else [value]


def _is_list_of_rows(value: Any) -> bool:
    """Return whether a value is a list of objects other than turns."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(one, Mapping) and not {"role", "from"} & one.keys() for one in value)


def _list_rows(content: Content) -> Iterator[Raw]:
    """Yield the entries of one JSON list. Memory: one entry, or `PART` if entries are shorter."""
    with content.text() as file:
        entries, number = _Entries(file), 0
        try:
            for number, value in enumerate(entries, 1):
                yield number, value
        except RecursionError:
            problem = _("nested too deeply")
        except ValueError as error:
            problem = str(error)
        else:
            return
    sentence = _("the row is not valid JSON (%(error)s); nothing after it could be read.")
    yield number + 1, BadRow(sentence % {"error": problem})


class _Entries(Iterator[Any]):
    """The entries of a JSON list in a text; raises ValueError for other texts."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at = file, "", 0
        self._line = self._column = 1  # where the text in memory begins
        self._decode = json.JSONDecoder().raw_decode
        self._expect("[")
        self._first = True

    def __next__(self) -> Any:
        if self._first:
            self._first = False
            ends = self._next_character() == "]"
        else:
            ends = self._expect(",]") == "]"
            self._next_character()
        if ends:
            self._at += 1 if self._text[self._at : self._at + 1] == "]" else 0
            if self._next_character():
                raise ValueError(self.at(self._at, _("there is more after the end of the list")))
            raise StopIteration
        return self._value()

    def _value(self) -> Any:
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                problem = self.at(error.pos, error.msg)
                if len(self._text) - self._at > MOST_LINE or not self._more():
                    raise ValueError(problem) from None
                continue
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def _expect(self, marks: str) -> str:
        mark = self._next_character()
        if not mark or mark not in marks:
            raise ValueError(self.at(self._at, _("“%(mark)s” is missing") % {"mark": marks[0]}))
        self._at += 1
        return mark

    def _next_character(self) -> str:
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _more(self) -> bool:
        """Read as much again as is left; return whether there was more."""
        left = self._text[self._at :]
        self._line, self._column = self._place(self._at)
        more = self._file.read(max(PART, len(left)))
        self._text, self._at = left + more, 0
        return bool(more)

    def at(self, place: int, problem: str) -> str:
        """Return a problem with its line and column in the file. `place` is in the text."""
        line, column = self._place(place)
        words = _("%(problem)s in line %(line)d, column %(column)d of the file")
        return words % {"problem": problem, "line": line, "column": column}

    def _place(self, place: int) -> tuple[int, int]:
        lines = self._text.count("\n", 0, place)
        if not lines:
            return self._line, self._column + place
        return self._line + lines, place - self._text.rfind("\n", 0, place)


def body(*, content: Content) -> RawRows:
    """Return the rows of the API's JSON body."""
    with content.opened() as file:
        raw = file.read()
    try:
        rows = rows_of_body(json.loads(raw.decode(errors="surrogateescape")))
    except RecursionError:
        raise Refused(_("The JSON is nested too deeply.")) from None
    except ValueError:
        raise Refused(_("The body could not be read. Please send JSON, as UTF-8.")) from None
    if rows is None:
        raise Refused(
            _("Please send an object with a list of rows called “prompts”."), field="prompts"
        )
    return of_values(values=rows)


def of_values(*, values: list[Any]) -> RawRows:
    """Return rows that were parsed at once."""
    if len(values) > MOST_ROWS:
        raise too_many_rows()
    return RawRows(columns=None, total=len(values), read=lambda _wanted: enumerate(values, 1))
