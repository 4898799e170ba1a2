"""A file that cannot be read says in one sentence what it is and what to change."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest

from codesign.shared.errors import Invalid
from tests.support.import_files import sheet
from tests.support.read_files import Read


def zipped(name: str) -> bytes:
    """A zip file with one empty file in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(name, "")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"%PDF-1.7\n", "p.csv", "PDF"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "p.xlsx", "HTML"),
        (b"<?xml version='1.0'?><Workbook/>", "p.xlsx", "XML"),
        (b"ARROW1\x00\x00", "p.parquet", "Arrow"),
        (b"\x80\x05\x95\x86", "p.csv", "pickle"),
        (zipped("content.xml"), "p.xlsx", "OpenDocument"),
        (zipped("xl/workbook.bin"), "p.xlsx", "Excel (.xlsb)"),
    ],
)
def test_a_file_of_a_kind_that_is_not_read_says_so(
    tmp_path: Path, content: bytes, name: str, kind: str
) -> None:
    said = f"holds {kind}, which is not read. Please save it as .csv, .xlsx, .jsonl or .parquet."
    with pytest.raises(Invalid, match=re.escape(said)):
        Read(tmp_path, content, name)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (sheet([["prompt"], ["Hello"]])[:-40], "p.xlsx", "is damaged or cut off"),
        ("prompt\nHello\n".encode("utf-16-le"), "p.csv", "is written as UTF-16"),
        ("prompt\nHello\n".encode("utf-16-be"), "p.csv", "is written as UTF-16"),
        (gzip.compress(b"", mtime=0), "p.csv.gz", "is empty"),
        ('{"columns": ["prompt"], "data": [["Hello"]]}', "p.json", "is not a list of rows"),
        ('{"q1": {"prompt": "A"}, "q2": {"prompt": "B"}}', "p.json", "is not a list of rows"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, content: str | bytes, name: str, says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        Read(tmp_path, content, name)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ('{"prompt": "A"}\n{"prompt": "B",}\n', "p.jsonl", "in column 16)."),
        ('[{"prompt": "A"},\n {"prompt": "B" "C"}]', "p.json", "in line 2, column 17 of the file)"),
        ('[{"prompt": "A"}\n\n {"prompt": "B"}]', "p.json", "in line 3, column 2 of the file)"),
        ('prompt\nA\n"B \\"C\\" D"\n', "p.csv", 'must be written twice, as ""'),
        ('prompt\nA\n"B', "p.csv", "a quotation mark is opened and not closed"),
    ],
)
def test_a_damaged_text_says_where_and_what_is_wrong(
    tmp_path: Path, content: str, name: str, says: str
) -> None:
    (problem,) = Read(tmp_path, content, name).problems
    assert says in problem
