"""Opens a file of any kind. Its content decides the kind; its name does if the content cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePath

from django.utils.translation import gettext as _

from modelhub.rules.imports import BODY, MOST_BYTES, MOST_LINE, PACKINGS, SUFFIXES
from modelhub.rules.raw_rows import Note, Raw, RawRows
from modelhub.services.file_reader import delimited, json_text, parquet_rows, sheets
from modelhub.services.file_reader.content import BEGINNING, PACKED, Content
from modelhub.services.file_reader.refusals import Refused

ZIP, OLD_OFFICE, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
OTHERS = {b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}
"""First bytes of compressed files that are not read."""
UNREAD = {
    b"%pdf-": "PDF",
    b"<!doctype html": "HTML",
    b"<html": "HTML",
    b"<table": "HTML",
    b"<?xml": "XML",
    b"{\\rtf": "RTF",
    b"arrow1": "Arrow",
    b"obj\x01": "Avro",
    b"sqlite format 3": "SQLite",
    b"\x89hdf": "HDF5",
    b"$fl2": "SPSS",
    b"<stata_dta": "Stata",
    b"\x80\x04\x95": "pickle",
    b"\x80\x05\x95": "pickle",
}
"""First bytes, in lower case, of kinds of files that other programs call tables, and their names.
Web pages are often named like files of Excel."""
DOCUMENTS = {
    "word/document.xml": "Word",
    "ppt/presentation.xml": "PowerPoint",
    "xl/workbook.bin": "Excel (.xlsb)",
    "Index/Document.iwa": "Numbers",
    "content.xml": "OpenDocument",
}
"""Files inside of zip files that are documents of office programs."""
READERS: dict[str, Callable[..., RawRows]] = {
    ".jsonl": json_text.lines,
    ".json": json_text.document,
    ".csv": delimited.read,
    ".parquet": parquet_rows.read,
    ".xlsx": sheets.read,
    BODY: json_text.body,
}
SAME = {".ndjson": ".jsonl", ".tsv": ".csv"}
"""Other names of a kind."""
WORDS = {
    ".jsonl": "JSON Lines",
    ".json": "JSON",
    ".csv": "CSV",
    ".parquet": "Parquet",
    ".xlsx": "Excel",
}
_OPENS_JSON = re.compile(rb"\[\s*[\[{\]\"]|\{\s*[\"}]")


def open_file(*, path: Path, name: str, mapped: frozenset[str]) -> RawRows:
    """Return the rows of a file, or of a JSON body; raises Refused if it cannot be read.

    `mapped` are the names of columns that a mapping uses.
    """
    _check(path, name)
    content = Content(path, name, mapped=mapped)
    begins = content.beginning()
    for sign, packing in PACKED.items():
        if begins.startswith(sign):
            content = replace(content, packing=packing)
            begins = content.beginning()
    if not begins:
        raise _empty(name)
    named = _kind_by_name(path, name)
    kind = _kind(content, begins, named)
    rows = READERS[kind](content=content)
    if named in (kind, "") or {kind, named} <= {".json", ".jsonl"}:
        return rows
    sentence = _("This file is read as %(kind)s, although its name ends in %(suffix)s.")
    note = Note(sentence % {"kind": WORDS[kind], "suffix": named})

    def read(wanted: Collection[str] | None) -> Iterator[Raw]:
        return chain([(0, note)], rows.read(wanted))

    return replace(rows, read=read)


def _check(path: Path, name: str) -> None:
    if not path.is_file():
        raise Refused(_("There is no file %(name)s.") % {"name": name})
    if path.suffix.lower() not in (*SUFFIXES, BODY):
        raise Refused(
            _("%(name)s has an unknown format. Please use %(known)s.")
            % {"name": name, "known": ", ".join(SUFFIXES)}
        )
    size = path.stat().st_size
    if not size:
        raise _empty(name)
    if size > MOST_BYTES:
        sentence = _(
            "%(name)s has %(size)s bytes; the limit is %(most)s. Please split the file."
        ) % {"name": name, "size": f"{size:,}", "most": f"{MOST_BYTES:,}"}
        raise Refused(sentence, status=413)


def _empty(name: str) -> Refused:
    sentence = _("%(name)s is empty. Please choose a file with a row for each prompt.")
    return Refused(sentence % {"name": name})


def _kind_by_name(path: Path, name: str) -> str:
    """Return the kind by the name, without the suffix of a compression; empty if unknown."""
    for candidate in (name, path.name):
        suffixes = [suffix.lower() for suffix in PurePath(candidate).suffixes]
        if suffixes and suffixes[-1] in PACKINGS:
            suffixes.pop()
        if suffixes and (kind := SAME.get(suffixes[-1], suffixes[-1])) in READERS:
            return kind
    return ""


def _kind(content: Content, begins: bytes, named: str) -> str:
    """Return the kind by the content, or by the name if the content fits several kinds."""
    if named == BODY:
        return BODY
    _refuse_unreadable(content, begins)
    text = begins.removeprefix(json_text.BOM).lstrip()
    if begins.startswith(PARQUET) or (named == ".parquet" and not _OPENS_JSON.match(text)):
        return ".parquet"
    if begins.startswith(ZIP):
        return ".xlsx"
    if named == ".csv" and not _OPENS_JSON.match(text):
        return ".csv"
    if text.startswith(b"["):
        return ".json"
    if text.startswith(b"{"):
        return ".jsonl" if named == ".jsonl" or _has_lines(content) else ".json"
    return ".jsonl" if named in (".json", ".jsonl") else ".csv"


def _has_lines(content: Content) -> bool:
    """Return whether the first line is a JSON value, and more lines follow."""
    with content.opened() as file:
        line = file.readline(MOST_LINE).removeprefix(json_text.BOM)
        more = file.read(BEGINNING).strip()
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return bool(more)


def _refuse_unreadable(content: Content, begins: bytes) -> None:
    name = {"name": content.name}
    is_binary = begins.startswith((PARQUET, ZIP))
    if begins[:2] in (b"\xff\xfe", b"\xfe\xff") or (not is_binary and _is_utf_16(begins)):
        raise Refused(_("%(name)s is written as UTF-16. Please save it as UTF-8.") % name)
    if begins.startswith(OLD_OFFICE):
        raise Refused(
            _(
                "%(name)s is an Excel file with a password, or of an old version (.xls). Please "
                "save it as .xlsx without a password."
            )
            % name
        )
    start = begins.removeprefix(json_text.BOM).lstrip().lower()
    kinds = [kind for sign, kind in UNREAD.items() if start.startswith(sign)]
    packings = [kind for sign, kind in (OTHERS | PACKED).items() if begins.startswith(sign)]
    if begins.startswith(ZIP) and (parts := sheets.parts(content=content)) is None:
        raise Refused(_("%(name)s is damaged or cut off. Please export or upload it again.") % name)
    if begins.startswith(ZIP) and parts is not None and sheets.WORKBOOK not in parts:
        kinds += [kind for part, kind in DOCUMENTS.items() if part in parts]
        packings.append("zip")
    if kinds:
        sentence = _(
            "%(name)s holds %(kind)s, which is not read. Please save it as .csv, .xlsx, .jsonl or "
            ".parquet."
        )
        raise Refused(sentence % (name | {"kind": kinds[0]}))
    if packings:
        sentence = _("%(name)s is compressed (%(kind)s). Please unpack it first.")
        raise Refused(sentence % (name | {"kind": packings[0]}))


def _is_utf_16(begins: bytes) -> bool:
    """Return whether every other byte is zero, as in Latin text of UTF-16 without a mark."""
    pairs = len(begins) // 2
    return pairs > 1 and pairs * 9 // 10 <= max(begins[::2].count(0), begins[1::2].count(0))
