"""Wrong and damaged files: on the page, in the API and in the command."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from annotations.models import Prompt
from codesign.studies.models import Study
from modelhub.rules.imports import MOST_ROWS
from tests.factories.studies import StudyFactory
from tests.support.import_doors import (
    Door,
    by_page,
    plain,
    signed_in,
    table,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_file_of_no_bytes(study: Study, door: Door, suffix: str) -> None:
    said = door(study, b"", f"p.{suffix}")
    assert "is empty. Please " in said
    assert " a row for each prompt." in said


@pytest.mark.parametrize(
    ("name", "content"),
    [("p.jsonl", b"\n\n"), ("p.csv", b"prompt,topics\n"), ("p.parquet", table(prompt=[]))],
)
def test_a_file_without_rows(study: Study, door: Door, name: str, content: bytes) -> None:
    assert "the file has no rows" in door(study, content, name)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.jsonl", '{"prompt": "café"}\n'.encode("latin-1"), "not Unicode text (UTF-8)"),
        ("p.csv", "prompt\nلا أنام\n".encode("cp1256"), "not Unicode text (UTF-8)"),
        ("p.jsonl", '{"prompt": "x"}\n'.encode("utf-16"), "Please save it as UTF-8."),
        ("p.csv", "prompt\nx\n".encode("utf-16"), "Please save it as UTF-8."),
        ("p.parquet", b"PAR1 and no more", "cannot be read as Parquet"),
    ],
)
def test_a_file_in_the_wrong_encoding(
    study: Study, door: Door, name: str, content: bytes, says: str
) -> None:
    assert says in door(study, content, name)
    assert not Prompt.objects.exists()


def test_a_file_of_windows_1252_comes_in_and_is_told(
    study: Study, door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    """Excel's “CSV (Comma delimited)” in Western Europe."""
    text = "prompt;topics\r\nHace días que no duermo. ¿Qué hago mañana?;sueño\r\n"
    said = door(study, text.encode("cp1252"), "p.csv") or capsys.readouterr().out
    assert "It was read as Windows-1252" in said
    assert "Please check: “días”, “Qué”, “mañana”." in said
    prompt = Prompt.objects.get()
    assert prompt.messages[0]["content"] == "Hace días que no duermo. ¿Qué hago mañana?"
    assert prompt.topics == ["sueño"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.csv", b"text,topics\nHello,sleep\n", "The columns are: text, topics."),
        ("p.csv", b"text;topics\nHello;sleep\n", "no column called prompt"),
        ("p.csv", b"prompt,Prompt\nHello,sleep\n", "there are two columns called prompt"),
        ("p.parquet", table(text=["Hello"]), "no column called prompt. The columns are: text."),
        ("p.parquet", table(prompt=["Hello"], PROMPT=["x"]), "two columns called prompt"),
        ("p.jsonl", b'{"text": "Hello"}\n', "the prompt is missing"),
    ],
)
def test_a_file_without_the_column(
    study: Study, door: Door, name: str, content: bytes, says: str
) -> None:
    assert says in door(study, content, name)
    assert not Prompt.objects.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.csv", b"Prompt , Category\nHello,assessment\n"),
        ("p.csv", "\ufeffprompt;category;intensity\nHello;assessment;2\n".encode()),
        ("p.csv", b"prompt\tcategory\tintensity\nHello\tassessment\t2\n"),
        ("p.parquet", table(Prompt=["Hello"], category=["assessment"], intensity=[2.0])),
        ("p.parquet", table(prompt=["Hello", "x"], intensity=[2.0, float("nan")])),
    ],
)
def test_files_of_spreadsheets_and_data_frames_are_imported(
    study: Study, door: Door, name: str, content: bytes
) -> None:
    door(study, content, name)
    prompt = Prompt.objects.get(messages=[{"role": "user", "content": "Hello"}])
    assert prompt.category == ("assessment" if b"assessment" in content else "education")
    assert prompt.intensity == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\x00b", "contains a NUL character, which cannot be saved"),
        ("é" * 50_001, "the limit is 50,000"),
    ],
    ids=["NUL", "50,001 characters"],
)
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_text_that_cannot_be_kept(
    study: Study, door: Door, suffix: str, text: str, says: str
) -> None:
    rows = {
        "jsonl": json.dumps({"prompt": text}).encode(),
        "csv": f"prompt\n{text}\n".encode(),
        "parquet": table(prompt=[text]),
    }
    assert says in door(study, rows[suffix], f"p.{suffix}")
    assert not Prompt.objects.exists()


@pytest.mark.django_db(transaction=True)  # signs of life go over a connection of their own
def test_a_file_of_10_mb_is_imported_completely(study: Study, door: Door) -> None:
    long = "Sleep will not come. " * 950
    rows = [{"prompt": f"{number}: {long}"} for number in range(520)]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert len(content) > 10_000_000
    door(study, content, "p.jsonl")
    assert Prompt.objects.count() == len(rows)


def test_a_file_of_10_mb_that_is_one_line_is_refused(study: Study, door: Door) -> None:
    said = door(study, json.dumps({"prompt": "a" * 10_000_000}).encode(), "p.jsonl")
    assert "10,000,000 characters; the limit is 50,000" in said
    assert not Prompt.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_too_many_rows_are_refused(study: Study, door: Door) -> None:
    said = door(study, b'{"prompt": ""}\n' * (MOST_ROWS + 1), "p.jsonl")
    assert "There are more than 100,000 rows. Please split the file." in said


def test_a_file_of_another_kind(study: Study) -> None:
    assert "Please use .jsonl, .ndjson, .json, .csv, .tsv, .parquet, .xlsx" in by_page(
        study, b"x", "p.docx"
    )
    for none in ({}, {"file": "just text"}):
        answer = signed_in(study).post(
            reverse("modelhub:uploads", kwargs={"slug": study.slug}), none
        )
        assert answer.status_code == 400
        assert "Please choose a file." in answer.content.decode()


TEXTS = {
    "emoji": "I am 😶‍🌫️ and 👩🏽‍🚒 today",
    "combining marks": "Z̸a̷l̵g̶o̴ and e\u0301 beside é",
    "right to left": "لا أستطيع النوم \u200fمنذ \u202bأسبوع\u202c",
    "50,000 characters": "é" * 50_000,
    "line ends": "one\r\ntwo\rthree\u2028four",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_imported_unchanged(study: Study, door: Door, text: str) -> None:
    row = {"prompt": text, "external_id": "😶", "responses": [text]}
    door(study, json.dumps(row).encode(), "p.jsonl")
    prompt = Prompt.objects.get()
    kept = text.replace("\r\n", "\n").replace("\r", "\n")  # one kind of line end
    assert prompt.messages == [{"role": "user", "content": kept}]
    assert (prompt.external_id, prompt.responses.get().text) == ("😶", kept)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\x00b", "NUL"),
        ("\ud800", "not Unicode text"),
        ("é" * 50_001, "50,001 characters; the limit is 50,000"),
    ],
    ids=["NUL", "half a surrogate pair", "50,001 characters"],
)
@pytest.mark.parametrize("where", ["prompt", "response"])
def test_text_that_cannot_be_kept_is_named_by_line(
    study: Study, door: Door, where: str, text: str, says: str
) -> None:
    bad = {"prompt": text} if where == "prompt" else {"prompt": "Fine.", "responses": [text]}
    content = json.dumps({"prompt": "Good."}) + "\n" + json.dumps(bad)
    said = plain(door(study, content.encode(), "p.jsonl"))
    assert says in said
    assert "line 2" in said.lower()
    assert not Prompt.objects.exists()


def test_names_of_fields_and_models_that_cannot_be_kept(study: Study, door: Door) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "A.", "external_id": "a\x00"},
        {"prompt": "B.", "topics": ["\ud800"]},
        {"prompt": "C.", "family": "\ud800"},
        {"prompt": "D.", "responses": [{"text": "x", "model": "\ud800"}]},
        {"prompt": "E.", "external_id": "x" * 121},
    ]
    said = door(study, "".join(json.dumps(row) + "\n" for row in rows).encode(), "p.jsonl")
    for line in range(1, 6):
        assert f"line {line}:" in said.lower()
    assert not Prompt.objects.exists()


def test_a_column_with_a_name_that_cannot_be_kept(study: Study, door: Door) -> None:
    row = {"prompt": "E.", "no\x00column": 1, "\ud800": 2, "c" * 500: 3}
    door(study, json.dumps(row).encode(), "p.jsonl")
    assert Prompt.objects.count() == 1
