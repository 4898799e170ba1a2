"""Compiling translations, and how complete they are."""

from __future__ import annotations

import gettext
import os
from datetime import date
from pathlib import Path

import pytest

from codesign.shared.catalogues import COMPILED, SOURCE, STATUS, compile_changed, statuses

HEADER = r"""msgid ""
msgstr ""
"PO-Revision-Date: 2026-11-29 21:00+0000\n"
"X-Native-Review: {review}\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
TEXTS = """msgid "Send"
msgstr "Enviar"

msgid "Stop"
msgstr ""

msgid "%(n)d reply"
msgid_plural "%(n)d replies"
msgstr[0] "%(n)d respuesta"
msgstr[1] ""
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the Spanish catalogue."""
    made = tmp_path / "es" / "LC_MESSAGES"
    made.mkdir(parents=True)
    (made / SOURCE).write_text(HEADER.format(review="none") + TEXTS, encoding="utf-8")
    return made


def test_a_changed_catalogue_is_compiled_once(folder: Path, tmp_path: Path) -> None:
    assert compile_changed(tmp_path) == ["es"]
    assert compile_changed(tmp_path) == []
    with (folder / COMPILED).open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert [read.gettext(text) for text in ("Send", "Stop")] == ["Enviar", "Stop"]
    for n, text in ((1, "%(n)d reply"), (2, "%(n)d replies")):  # half a plural is no translation
        assert read.ngettext("%(n)d reply", "%(n)d replies", n) == text
    assert sorted(path.name for path in folder.iterdir()) == sorted([COMPILED, SOURCE, STATUS])
    (status,) = statuses(tmp_path)
    assert (status.language, status.texts, status.translated) == ("es", 3, 1)
    assert (status.changed_on, status.reviewed_on) == (date(2026, 11, 29), None)


def test_a_review_by_a_native_speaker_is_told_with_its_day(folder: Path, tmp_path: Path) -> None:
    (folder / SOURCE).write_text(HEADER.format(review="2026-12-24") + TEXTS, encoding="utf-8")
    os.utime(folder / SOURCE, (0, 0))
    assert compile_changed(tmp_path) == ["es"]
    later = (folder / STATUS).stat().st_mtime + 1
    os.utime(folder / SOURCE, (later, later))
    assert compile_changed(tmp_path) == ["es"]
    assert statuses(tmp_path)[0].reviewed_on == date(2026, 12, 24)


def test_a_folder_that_cannot_be_written_keeps_the_older_catalogue(
    folder: Path, tmp_path: Path
) -> None:
    (folder / STATUS).mkdir()  # root writes everywhere, but replaces no folder by a file
    os.utime(folder / STATUS, (0, 0))
    assert compile_changed(tmp_path) == []
    assert (folder / SOURCE).exists()
