"""Rows that are no rows of a table are left out and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.import_files import sheet
from tests.support.read_files import Read


@pytest.mark.parametrize(
    "below",
    [
        ["Start Date", "Response ID", "What would you ask?"],
        ["Fecha de inicio", "ID de respuesta", "¿Qué preguntarías?"],
        ['{"ImportId":"startDate"}', '{"ImportId":"_recordId"}', '{"ImportId":"QID1"}'],
    ],
)
def test_one_row_of_qualtrics_below_the_names(tmp_path: Path, below: list[str]) -> None:
    names = ["StartDate", "ResponseId", "prompt"]
    read = Read(tmp_path, sheet([names, below, ["2026-11-02 08:00", "R_1", "Hello"]]), "p.xlsx")
    assert read.prompts == ["Hello"]
    assert "The row below the names" in read.notes[0]
    plain = Read(
        tmp_path, sheet([names, ["2026-11-02 08:00", "R_1", "Hello"], ["", "", "Bye"]]), "q.xlsx"
    )
    assert (plain.prompts, plain.notes) == (["Hello", "Bye"], [])


@pytest.mark.parametrize("content", ["\n \n", sheet([])])
def test_a_table_of_nothing_has_no_rows(tmp_path: Path, content: str | bytes) -> None:
    read = Read(tmp_path, content, "p.csv" if isinstance(content, str) else "p.xlsx")
    assert (read.prompts, read.notes) == ([], [])


@pytest.mark.parametrize("name", ["\u200bprompt", "\u200fprompt\u200f", "\u00a0Prompt "])
def test_invisible_signs_around_names_make_no_difference(tmp_path: Path, name: str) -> None:
    read = Read(tmp_path, f"{name},held_out\u200e\nHello,1\n", "p.csv")
    assert [(row.prompt.held_out, row.prompt.messages[0]["content"]) for row in read.rows] == [
        (True, "Hello")
    ]
    assert read.unused == set()
