"""Files of the same rows in every kind that can be imported."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

import pyarrow

from tests.support.import_doors import table

Rows = Sequence[dict[str, Any]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
    'ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="First" sheetId="1" r:id="r7"/><sheet name="Second" sheetId="2" r:id="r8"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r8" Type="{RELATIONS}/worksheet" Target="worksheets/b.xml"/>'
    f'<Relationship Id="r7" Type="{RELATIONS}/worksheet" Target="/xl/worksheets/a.xml"/>'
    "</Relationships>",
}


def sheet(rows: Sequence[Sequence[Any]], *, second: Sequence[Sequence[Any]] = ()) -> bytes:
    """An Excel file: numbers, booleans and texts; a text with # is the error of a formula."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in PARTS.items():
            packed.writestr(name, text)
        packed.writestr("xl/worksheets/a.xml", _worksheet(rows))
        packed.writestr("xl/worksheets/b.xml", _worksheet(second))
    return file.getvalue()


def _worksheet(rows: Sequence[Sequence[Any]]) -> str:
    lines = []
    for line, cells in enumerate(rows, 1):
        written = "".join(_cell(chr(65 + at), line, cell) for at, cell in enumerate(cells))
        lines.append(f'<row r="{line}">{written}</row>')
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(column: str, line: int, cell: Any) -> str:
    place = f'r="{column}{line}"'
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bool):
        return f'<c {place} t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, int | float):
        return f"<c {place}><v>{cell}</v></c>"
    if cell.startswith("#"):
        return f'<c {place} s="0" t="e"><f>1/0</f><v>{cell}</v></c>'
    return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def as_sheet(rows: Rows) -> bytes:
    names = _names(rows)
    return sheet([names, *([row.get(name) for name in names] for row in rows)])


def as_cells(rows: Rows, delimiter: str = ",") -> bytes:
    """A table of text, with empty cells for None and NaN as data frames write them."""
    names, out = _names(rows), io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(names)
    for row in rows:
        cells = [row.get(name) for name in names]
        writer.writerow("" if cell is None or cell != cell else cell for cell in cells)
    return out.getvalue().encode()


def as_lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_json(rows: Rows) -> bytes:
    return json.dumps(rows, indent=1).encode()


def as_parquet(rows: Rows) -> bytes:
    return table(**{name: [row.get(name) for row in rows] for name in _names(rows)})


def _zstd(content: bytes) -> bytes:
    packed: bytes = pyarrow.compress(content, codec="zstd", asbytes=True)
    return packed


KINDS: dict[str, Callable[[Rows], bytes]] = {
    "p.csv": as_cells,
    "p.tsv": lambda rows: as_cells(rows, "\t"),
    "p.jsonl": as_lines,
    "p.json": as_json,
    "p.parquet": as_parquet,
    "p.xlsx": as_sheet,
    "p.csv.gz": lambda rows: gzip.compress(as_cells(rows), mtime=0),
    "p.json.gz": lambda rows: gzip.compress(as_json(rows), mtime=0),
    "p.jsonl.zst": lambda rows: _zstd(as_lines(rows)),
    "p.parquet.zst": lambda rows: _zstd(as_parquet(rows)),
    "p.xlsx.gz": lambda rows: gzip.compress(as_sheet(rows), mtime=0),
}
"""Name of a file → the function that writes rows as one."""
