"""Text files of cells between delimiters: CSV and TSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import PurePath
from typing import Any, TextIO

from django.utils.translation import gettext as _

from annotations.rules.texts import is_utf8
from modelhub.rules.code_pages import WESTERN, accented, is_western
from modelhub.rules.imports import MOST_LINE
from modelhub.rules.raw_rows import BadRow, Note, Raw, RawRows
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

DELIMITERS = (",", ";", "\t", "|")
"""Spreadsheets use semicolons in countries with a decimal comma."""
LONE = "surrogateescape"
"""Makes lone surrogates of bytes that cannot be decoded."""
_DECODED = re.compile(r"[^\x00-\x7f\udc80-\udcff]")
"""A letter beyond ASCII that is valid UTF-8."""
SHOWN = 3
"""Words by which one can check how a file was read."""
TABS = ".tsv"
"""The suffix that tells the delimiter."""
_SEP = re.compile(r'"?sep=(.)"?\1*\s*', re.IGNORECASE)
"""The line that names the delimiter for Excel."""


def read(*, content: Content) -> RawRows:
    """Return the rows of a CSV or TSV file."""
    # The default limit of the csv module is lower than the longest text that we accept.
    csv.field_size_limit(MOST_LINE)
    western = _is_western(content.not_ascii())
    if western:
        content = replace(content, encoding=WESTERN)
    with content.text() as file:
        named = _SEP.fullmatch(file.readline(20))
    skipped = 1 if named else 0
    delimiter = named[1] if named else _delimiter(content)
    try:
        rows = table(
            records=lambda: _records(content, delimiter, skipped),
            total=content.count(b"\n"),
            mapped=content.mapped,
        )
    except BadRow as problem:
        raise Refused(
            _("%(name)s has an invalid first line: %(problem)s")
            % {"name": content.name, "problem": problem}
        ) from None
    note_on = _western_note if western else _lost_note
    return replace(rows, read=lambda wanted: _with_encoding(rows.read(wanted), note_on))


def _is_western(found: bytes) -> bool:
    """Return whether a text with bytes beyond ASCII is written in Windows-1252.

    A text with any valid UTF-8 beyond ASCII is not, even if other bytes of it are damaged.
    """
    found = found[: found.rfind(b"\n") + 1] or found
    if not found or _DECODED.search(found.decode(errors=LONE)):
        return False
    return is_western(found.decode(WESTERN, errors=LONE))


def _with_encoding(rows: Iterator[Raw], note_on: Callable[[str], str]) -> Iterator[Raw]:
    """Yield the rows, and once a Note before the first one for which there is one."""
    noted = False
    for line, row in rows:
        if not noted and isinstance(row, dict) and (note := note_on(" ".join(row.values()))):
            noted = True
            yield 0, Note(note)
        yield line, row


def _lost_note(text: str) -> str:
    if is_utf8(text):
        return ""
    return _(
        "This file is not written as UTF-8, so letters such as é are lost. Please save it as “CSV "
        "UTF-8” and import it again."
    )


def _western_note(text: str) -> str:
    if text.isascii():
        return ""
    note = _(
        "This file is not written as UTF-8. It was read as Windows-1252, as Excel writes “CSV”. If "
        "accents are wrong, save it as “CSV UTF-8” instead."
    )
    words = ", ".join(f"“{word}”" for word in accented(text, SHOWN))
    return note + (" " + _("Please check: %(words)s.") % {"words": words} if words else "")


def _delimiter(content: Content) -> str:
    """Return the delimiter with which the names of the columns include a prompt.

    If that does not decide: the one of the suffix, the one with which all records are equally wide,
    or the one with which the first record has the most cells. Counting delimiters would not help,
    because texts contain them too.
    """
    suffixes = (
        suffix for name in (content.name, content.path.name) for suffix in PurePath(name).suffixes
    )
    tabs = any(suffix.lower() == TABS for suffix in suffixes)

    def points(delimiter: str) -> tuple[bool, bool, bool, int]:
        first = list(islice(_records(content, delimiter), PEEK))
        if not first:
            return False, False, False, 0
        names = first[header_place(first=first, mapped=content.mapped)][1]
        shown = [cells for _line, cells in first if filled(cells=cells)]
        width = filled(cells=shown[0]) if shown else 0
        return (
            has_prompt(cells=names, mapped=content.mapped),
            tabs and delimiter == "\t" and width > 1,
            width > 1 and _are_even([cells for _line, cells in first]),
            width,
        )

    return max(reversed(DELIMITERS) if tabs else DELIMITERS, key=points)


def _are_even(records: list[Any]) -> bool:
    """Return whether all records that are not empty have the same number of cells."""
    if any(isinstance(cells, BadRow) for cells in records):
        return False
    return len({len(cells) for cells in records if cells}) == 1


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
                ) % {"error": _meaning(error)}
                yield line, BadRow(sentence)
                return


def _meaning(error: Exception) -> str:
    """Return what an error of the csv module means, and what helps."""
    problem = str(error)
    if problem == "unexpected end of data":
        return _("a quotation mark is opened and not closed")
    if problem.endswith("expected after '\"'"):
        return _('inside of a quoted text, a quotation mark must be written twice, as ""')
    return problem


def _lines(file: TextIO) -> Iterator[str]:
    """Yield the lines of a text; raises BadRow for a line that is too long."""
    while line := file.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise BadRow(_("it has more than %(most)s characters") % {"most": f"{MOST_LINE:,}"})
        yield line
