"""JSON Lines, and bodies of the API."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from modelhub.rules.imports import MOST_LINE, MOST_ROWS
from modelhub.rules.raw_rows import BadRow, Raw, RawRows
from modelhub.services.file_reader.content import BLOCK, Content
from modelhub.services.file_reader.refusals import Refused, too_many_rows


def lines(content: Content) -> RawRows:
    """Return the rows of a file with one JSON object on each line."""
    return RawRows(
        columns=None, total=content.count(b"\n"), read=lambda _wanted: _line_rows(content)
    )


def _line_rows(content: Content) -> Iterator[Raw]:
    with content.opened() as file:
        for line, raw in enumerate(iter(lambda: file.readline(MOST_LINE + 1), b""), 1):
            if line == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if len(raw) > MOST_LINE:
                _skip_line(file, raw)
                sentence = _("the line has more than %(most)s bytes.")
                yield line, BadRow(sentence % {"most": f"{MOST_LINE:,}"})
            elif raw.split():
                yield line, _value(raw)


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(BLOCK)


def _value(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode())
    except UnicodeDecodeError:
        return BadRow(_("the line is not UTF-8 text."))
    except RecursionError:
        return BadRow(_("the line is not valid JSON (nested too deeply)."))
    except ValueError as error:
        return BadRow(_("the line is not valid JSON (%(error)s).") % {"error": error})


def body(content: Content) -> RawRows:
    """Return the API's JSON body, `{"prompts": [row, …]}`."""
    with content.opened() as file:
        raw = file.read()
    try:
        value = json.loads(raw.decode())
    except RecursionError:
        raise Refused(_("The JSON is nested too deeply.")) from None
    except ValueError:
        raise Refused(_("The body could not be read. Please send JSON, as UTF-8.")) from None
    if not isinstance(value, dict) or not isinstance(value.get("prompts"), list):
        raise Refused(
            _("Please send an object with a list of rows called “prompts”."), field="prompts"
        )
    return of_values(value["prompts"])


def of_values(values: list[Any]) -> RawRows:
    """Return rows that were parsed at once."""
    if len(values) > MOST_ROWS:
        raise too_many_rows()

    def read(_wanted: Collection[str] | None) -> Iterator[Raw]:
        return enumerate(values, 1)

    return RawRows(columns=None, total=len(values), read=read)
