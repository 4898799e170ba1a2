"""Spreadsheets of Excel: the first sheet of an .xlsx file, as cells of text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from modelhub.rules.imports import MOST_BYTES
from modelhub.rules.raw_rows import RawRows
from modelhub.rules.values import EXACT
from modelhub.services.file_reader.content import BLOCK, UNPACKED_ANYWAY, UNPACKS, Content
from modelhub.services.file_reader.refusals import Refused
from modelhub.services.file_reader.tables import Record, Rounded, table

WORKBOOK = "xl/workbook.xml"
MOST_CELL = 4_096
"""Bytes that a cell with an error may have."""
_ERROR = re.compile(
    rb'<c\s[^>]{0,400}\bt="e"[^>]{0,400}>(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)?<v>([^<]*)</v>'
)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]+)"')


def is_workbook(*, content: Content) -> bool:
    """Return whether a zip file is a workbook of Excel."""
    try:
        with zipfile.ZipFile(_file(content.seekable())) as packed:
            return WORKBOOK in packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def read(*, content: Content) -> RawRows:
    """Return the rows of the first sheet."""
    workbook = content.seekable()
    _check_size(content, workbook)
    try:
        sheet, errors = _first_sheet(workbook), _errors(workbook)
    except Exception as error:
        raise Refused(
            _("%(name)s is an Excel file that cannot be read (%(error)s). Save it again as .xlsx.")
            % {"name": content.name, "error": str(error) or type(error).__name__}
        ) from error
    return table(
        records=lambda: _records(sheet, errors), total=sheet.total_height, mapped=content.mapped
    )


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


def _first_sheet(workbook: Path | bytes) -> Any:
    import python_calamine

    with python_calamine.load_workbook(_file(workbook)) as book:
        return book.get_sheet_by_index(0)


def _records(sheet: Any, errors: Mapping[int, Mapping[int, str]]) -> Iterator[Record]:
    left = sheet.start[1] if sheet.start else 0
    for line, row in enumerate(sheet.iter_rows(), 1):
        cells = [cell if isinstance(cell, str) else _text(cell) for cell in row]
        for column, error in errors.get(line, {}).items():
            if 0 <= column - left < len(cells):
                cells[column - left] = error
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


def _errors(workbook: Path | bytes) -> dict[int, dict[int, str]]:
    """Return line → column (from 0) → error, for the cells whose formulas failed.

    The library gives an empty text for them.
    """
    found: dict[int, dict[int, str]] = {}
    with zipfile.ZipFile(_file(workbook)) as packed, packed.open(_sheet_part(packed)) as part:
        left = b""
        while block := part.read(BLOCK):
            text = left + block
            for cell in _ERROR.finditer(text):
                if place := _PLACE.search(cell[0]):
                    column = 0
                    for letter in place[1]:
                        column = 26 * column + letter - 64
                    found.setdefault(int(place[2]), {})[column - 1] = cell[1].decode()
            left = text[max(text.rfind(b"<c "), len(text) - MOST_CELL) :]
    return found


def _sheet_part(packed: zipfile.ZipFile) -> str:
    """Return the path of the first sheet inside the file."""
    first = re.search(rb"<(?:\w+:)?sheet\b[^>]*\br:id=\"([^\"]+)", packed.read(WORKBOOK))
    relations = packed.read("xl/_rels/workbook.xml.rels")
    for relation in re.findall(rb"<Relationship\b[^>]*>", relations):
        target = re.search(rb"\bTarget=\"([^\"]+)", relation)
        if first and target and b'Id="%s"' % first[1] in relation:
            path = target[1].decode()
            return path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    raise KeyError(WORKBOOK)
