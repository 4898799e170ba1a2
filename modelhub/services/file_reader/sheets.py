"""Spreadsheets of Excel: the first sheet of an .xlsx file that is shown, as cells of text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from modelhub.rules.imports import MOST_BYTES
from modelhub.rules.prepare import NAMED, readable
from modelhub.rules.raw_rows import Note, RawRows
from modelhub.rules.values import EXACT
from modelhub.services.file_reader.content import BLOCK, UNPACKED_ANYWAY, UNPACKS, Content
from modelhub.services.file_reader.refusals import Refused
from modelhub.services.file_reader.tables import NotComputed, Record, Rounded, table

WORKBOOK = "xl/workbook.xml"
MOST_CELL = 4_096
"""Bytes that a cell with an error may have."""
_FORMULA_OF = rb"(?:<(?:\w+:)?f\b[^>]*/>|<(?:\w+:)?f\b[^>]*>[^<]*</(?:\w+:)?f>)"
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s[^>]{0,400}\bt=[\"']e[\"'][^>]{0,400}>"
    + _FORMULA_OF
    + rb"?<(?:\w+:)?v>([^<]*)</"
)
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s(?![^>]{0,400}\bt=)[^>]{0,400}>"
    + _FORMULA_OF
    + rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
"""A formula without a result, as programs write it that do not calculate. An empty text has a
type."""
_CELL = re.compile(rb"<(?:\w+:)?c[\s>]")
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]+)[\"']")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*\b\w+:id=[\"']([^\"']+)")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_TARGET = re.compile(rb"\bTarget=[\"']([^\"']+)")
_ID = re.compile(rb"\bId=[\"']([^\"']+)")


def parts(*, content: Content) -> list[str] | None:
    """Return the names of the files inside a zip file, or None if it is damaged."""
    try:
        with zipfile.ZipFile(_file(content.seekable())) as packed:
            return packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None


def read(*, content: Content) -> RawRows:
    """Return the rows of the first sheet that is shown."""
    workbook = content.seekable()
    _check_size(content, workbook)
    try:
        place, names, sheet = _first_sheet(workbook)
        others = _with_cells(workbook, names)
        marked = _marked(workbook, place)
    except Exception as error:
        raise Refused(
            _("%(name)s is an Excel file that cannot be read (%(error)s). Save it again as .xlsx.")
            % {"name": content.name, "error": str(error) or type(error).__name__}
        ) from error
    rows = table(
        records=lambda: _records(sheet, marked), total=sheet.total_height, mapped=content.mapped
    )
    if not others:
        return rows
    words = _("Only the sheet “%(sheet)s” was read. The file has others: %(others)s.")
    listed = ", ".join(readable(name) for name in others)
    note = Note(words % {"sheet": readable(sheet.name), "others": listed})
    return replace(rows, read=lambda wanted: chain([(0, note)], rows.read(wanted)), part=sheet.name)


def _file(workbook: Path | bytes) -> Path | BytesIO:
    return BytesIO(workbook) if isinstance(workbook, bytes) else workbook


def _check_size(content: Content, workbook: Path | bytes) -> None:
    """Refuse a file that declares to unpack to too much."""
    with zipfile.ZipFile(_file(workbook)) as packed:
        unpacked = sum(part.file_size for part in packed.infolist())
    most = min(MOST_BYTES, UNPACKED_ANYWAY + UNPACKS * content.path.stat().st_size)
    if unpacked > most:
        sentence = _("%(name)s unpacks to %(size)s bytes; %(most)s is the most. Please split it.")
        values = {"name": content.name, "size": f"{unpacked:,}", "most": f"{most:,}"}
        raise Refused(sentence % values, status=413)


def _first_sheet(workbook: Path | bytes) -> tuple[int, dict[int, str], Any]:
    """Return the place of the first sheet that is shown, the names of others by place, and it."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    with load_workbook(_file(workbook)) as book:
        about = list(enumerate(book.sheets_metadata))
        tables = [(at, one) for at, one in about if one.typ == SheetTypeEnum.WorkSheet] or about
        shown = [(at, one) for at, one in tables if one.visible == SheetVisibleEnum.Visible]
        (place, _first), *others = shown or tables
        names = {at: one.name for at, one in others[:NAMED]}
        return place, names, book.get_sheet_by_index(place)


def _with_cells(workbook: Path | bytes, names: Mapping[int, str]) -> list[str]:
    """Return the names of sheets that begin with a cell. Programs add empty sheets."""
    if not names:
        return []
    with zipfile.ZipFile(_file(workbook)) as packed:
        starts = {at: packed.open(_part_of(packed, at)).read(BLOCK) for at in names}
    return [name for at, name in names.items() if _CELL.search(starts[at])]


def _records(sheet: Any, marked: Mapping[int, Mapping[int, str]]) -> Iterator[Record]:
    left = sheet.start[1] if sheet.start else 0
    for line, row in enumerate(sheet.iter_rows(), 1):
        cells = [cell if isinstance(cell, str) else _text(cell) for cell in row]
        for column, mark in marked.get(line, {}).items():
            if 0 <= column - left < len(cells):
                cells[column - left] = mark
        yield line, cells


def _text(cell: Any) -> str:
    """Return a cell as it would be written to a CSV file: 5.0 is 5, a date is in ISO 8601."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell)) if abs(cell) < EXACT else Rounded(f"{cell:g}")
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)


def _marked(workbook: Path | bytes, place: int) -> dict[int, dict[int, str]]:
    """Return line → column (from 0) → error, for the cells whose formulas failed or never ran.

    The library gives an empty text for them.
    """
    found: dict[int, dict[int, str]] = {}
    with zipfile.ZipFile(_file(workbook)) as packed, packed.open(_part_of(packed, place)) as part:
        left = b""
        while block := part.read(BLOCK):
            text = left + block
            for cell in _ERROR.finditer(text):
                _mark(found, cell[0], cell[1].decode())
            for cell in _FORMULA.finditer(text):
                _mark(found, cell[0], NotComputed("="))
            left = text[max(text.rfind(b"<c "), len(text) - MOST_CELL) :]
    return found


def _mark(found: dict[int, dict[int, str]], cell: bytes, mark: str) -> None:
    if place := _PLACE.search(cell):
        column = 0
        for letter in place[1]:
            column = 26 * column + letter - 64
        found.setdefault(int(place[2]), {})[column - 1] = mark


def _part_of(packed: zipfile.ZipFile, place: int) -> str:
    """Return the path of a sheet inside the file."""
    sheets = _SHEET.findall(packed.read(WORKBOOK))
    for relation in _RELATION.findall(packed.read("xl/_rels/workbook.xml.rels")):
        target = _TARGET.search(relation)
        name = _ID.search(relation)
        if target and name and name[1] == sheets[place]:
            path = target[1].decode()
            return path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    raise KeyError(WORKBOOK)
