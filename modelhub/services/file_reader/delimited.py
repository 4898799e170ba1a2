"""Text files of cells between delimiters: CSV and TSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import TextIO

from django.utils.translation import gettext as _

from modelhub.rules.imports import MOST_LINE
from modelhub.rules.raw_rows import BadRow, RawRows
from modelhub.services.file_reader.content import Content
from modelhub.services.file_reader.refusals import Refused
from modelhub.services.file_reader.tables import (
    PEEK,
    Record,
    filled,
    has_prompt,
    header_place,
    table,
)

DELIMITERS = (",", ";", "\t")
"""Spreadsheets use semicolons in countries with a decimal comma."""
_SEP = re.compile(r'"?sep=(.)"?\s*')
"""The line by which Excel is told the delimiter."""


def read(*, content: Content) -> RawRows:
    """Return the rows of a CSV or TSV file."""
    # The default limit of the csv module is lower than the longest text that we accept.
    csv.field_size_limit(MOST_LINE)
    with content.text() as file:
        told = _SEP.fullmatch(file.readline(20))
    skipped = 1 if told else 0
    delimiter = told[1] if told else _delimiter(content)
    try:
        return table(
            records=lambda: _records(content, delimiter, skipped),
            total=content.count(b"\n"),
        )
    except BadRow as problem:
        raise Refused(
            _("%(name)s has an invalid first line: %(problem)s")
            % {"name": content.name, "problem": problem}
        ) from None


def _delimiter(content: Content) -> str:
    """Return the delimiter by which the first records have a prompt, or else the most names."""

    def points(delimiter: str) -> tuple[bool, int]:
        first = list(islice(_records(content, delimiter), PEEK))
        names = first[header_place(first=first)][1] if first else []
        return has_prompt(cells=names), filled(cells=names)

    return max(DELIMITERS, key=points)


def _records(content: Content, delimiter: str, skipped: int = 0) -> Iterator[Record]:
    with content.text() as file:
        lines = islice(_lines(file), skipped, None)
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        while True:
            line = skipped + reader.line_num + 1
            try:
                yield line, next(reader)
            except StopIteration:
                return
            except (csv.Error, BadRow) as error:
                sentence = _(
                    "the line is not valid CSV (%(error)s); nothing after it could be read."
                ) % {"error": error}
                yield line, BadRow(sentence)
                return


def _lines(file: TextIO) -> Iterator[str]:
    """Yield the lines of a text; raises BadRow for a line that is too long."""
    while line := file.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise BadRow(_("it has more than %(most)s characters") % {"most": f"{MOST_LINE:,}"})
        yield line
