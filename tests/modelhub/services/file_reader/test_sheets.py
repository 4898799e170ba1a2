"""Sheets and formulas of Excel: nothing is left out without a word."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from codesign.shared.errors import Invalid
from tests.support.import_files import sheet
from tests.support.read_files import Read

ROWS = [["prompt", "responses"], ["Hello", "Hi."]]


def changed(content: bytes, part: str, old: str, new: str) -> bytes:
    """An Excel file with another text in one of its parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(file, "w") as copy:
        for name in packed.namelist():
            text = packed.read(name).decode()
            assert name != part or old in text
            copy.writestr(name, text.replace(old, new) if name == part else text)
    return file.getvalue()


def test_sheets_that_are_not_read_are_named(tmp_path: Path) -> None:
    read = Read(tmp_path, sheet(ROWS, second=[["prompt"], ["Bye"]]), "p.xlsx")
    assert read.prompts == ["Hello"]
    assert read.notes == ["Only the sheet “First” was read. The file has others: Second."]
    with pytest.raises(Invalid, match=r"p\.xlsx, sheet “First”, cannot be imported: there is no"):
        Read(tmp_path, sheet([["About this study"]], second=ROWS), "p.xlsx")


def test_a_hidden_sheet_is_not_read(tmp_path: Path) -> None:
    content = changed(
        sheet([["prompt"], ["Hidden"]], second=ROWS),
        "xl/workbook.xml",
        '<sheet name="First"',
        '<sheet name="First" state="hidden"',
    )
    read = Read(tmp_path, content, "p.xlsx")
    assert (read.prompts, read.notes) == (["Hello"], [])


@pytest.mark.parametrize("value", ["", "<v/>", "<v></v>"])
def test_a_formula_without_a_result_is_an_error_of_its_line(tmp_path: Path, value: str) -> None:
    cell = '<c r="B2" t="inlineStr"><is><t xml:space="preserve">Hi.</t></is></c>'
    formula = f'<c r="B2" s="1"><f>A2&amp;"!"</f>{value}</c>'
    content = changed(sheet(ROWS), "xl/worksheets/a.xml", cell, formula)
    assert Read(tmp_path, content, "p.xlsx").problems == [
        "line 2: the cell of responses holds a formula without a result. Open the file in a "
        "spreadsheet program, and save it again."
    ]


def test_a_formula_whose_result_is_an_empty_text_is_an_empty_cell(tmp_path: Path) -> None:
    cell = '<c r="B2" t="inlineStr"><is><t xml:space="preserve">Hi.</t></is></c>'
    formula = '<c r="B2" t="str"><f>IF(TRUE,"")</f><v></v></c>'
    read = Read(tmp_path, changed(sheet(ROWS), "xl/worksheets/a.xml", cell, formula), "p.xlsx")
    assert (read.prompts, read.problems) == (["Hello"], [])


def test_quotation_marks_of_xml_may_be_single(tmp_path: Path) -> None:
    content = sheet([["prompt"], ["#N/A"]])
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/a.xml"):
        content = changed(content, part, '"', "'")
    (problem,) = Read(tmp_path, content, "p.xlsx").problems
    assert "holds the error #N/A of a formula" in problem
