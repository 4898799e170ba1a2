"""Files that nobody meant to bring: through the page, the API and the command."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pyarrow import parquet

from annotations.models import Prompt
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import Upload
from modelhub.rules.imports import MOST_ROWS
from modelhub.rules.states import UploadState
from modelhub.services import uploads
from tests.factories.studies import StudyFactory, staff

pytestmark = pytest.mark.django_db
MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv"}
MEDIA["parquet"] = "application/vnd.apache.parquet"
Door = Callable[[Study, bytes, str], str]


def table(**columns: list[Any]) -> bytes:
    """A Parquet file."""
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def by_page(study: Study, content: bytes, name: str) -> str:
    """What the coordinator reads after bringing the file and saying yes where there is a yes."""
    client = signed_in(study)
    address = reverse("modelhub:uploads", kwargs={"slug": study.slug})
    answer = client.post(address, {"file": SimpleUploadedFile(name, content)})
    if answer.status_code != 302:
        assert answer.status_code == 400
        return str(answer.content.decode())
    upload = Upload.objects.latest("created_at")
    keys = {"slug": study.slug, "upload_id": upload.id}
    for _ in ("looked through", "imported"):
        uploads.read(upload_id=upload.id)
        upload.refresh_from_db()
        if upload.state == UploadState.CHECKED and not upload.found["skipped"]:
            client.post(reverse("modelhub:upload-confirm", kwargs=keys))
    page = client.get(answer["Location"])
    assert page.status_code == 200
    return str(page.content.decode())


def by_api(study: Study, content: bytes, name: str) -> str:
    """What a program reads; it follows an import that a worker does."""
    client = signed_in(study)
    answer = client.generic(
        "POST",
        f"/api/v1/studies/{study.slug}/prompts/",
        content,
        content_type=MEDIA[name.rpartition(".")[2]],
    )
    if answer.status_code == 202:
        uploads.read(upload_id=uuid.UUID(answer.json()["id"]))
        answer = client.get(answer["Location"])
    assert answer.status_code in (200, 201, 400, 413), answer.content
    return json.dumps(answer.json(), ensure_ascii=False)


def by_command(study: Study, content: bytes, name: str, folder: Path = Path()) -> str:
    path = folder / name
    path.write_bytes(content)
    try:
        call_command("import_prompts", study.slug, str(path))
    except CommandError as error:
        return str(error)
    return ""


def signed_in(study: Study) -> Client:
    client = Client()
    client.force_login(staff(study, Role.COORDINATOR).user)
    return client


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.fixture(params=["page", "api", "command"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Door:
    def command(study: Study, content: bytes, name: str) -> str:
        return by_command(study, content, name, tmp_path)

    doors: dict[str, Door] = {"page": by_page, "api": by_api, "command": command}
    return doors[request.param]


def plain(said: str) -> str:
    return said.replace("&#x27;", "'").replace("&quot;", '"').replace('\\"', '"')


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
    assert "the file holds no rows" in door(study, content, name)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.jsonl", '{"prompt": "café"}\n'.encode("latin-1"), "is not UTF-8 text"),
        ("p.csv", "prompt\ncafé\n".encode("latin-1"), "not Unicode text (UTF-8)"),
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


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.csv", b"text,topics\nHello,sleep\n", "Its columns are: text, topics."),
        ("p.csv", b"text;topics\nHello;sleep\n", "no column called prompt"),
        ("p.csv", b"prompt,Prompt\nHello,sleep\n", "the column prompt stands there twice"),
        ("p.parquet", table(text=["Hello"]), "no column called prompt. Its columns are: text."),
        ("p.parquet", table(prompt=["Hello"], PROMPT=["x"]), "the column prompt stands"),
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
def test_what_spreadsheets_and_data_frames_write_is_understood(
    study: Study, door: Door, name: str, content: bytes
) -> None:
    door(study, content, name)
    prompt = Prompt.objects.get(messages=[{"role": "user", "content": "Hello"}])
    assert prompt.category == ("assessment" if b"assessment" in content else "education")
    assert prompt.intensity == (1 if b"Prompt ," in content else 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\x00b", "holds a NUL character, which cannot be stored"),
        ("é" * 50_001, "50,000 is the most"),
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
def test_a_file_of_10_mb_comes_in_whole(study: Study, door: Door) -> None:
    long = "Sleep will not come. " * 950
    rows = [{"prompt": f"{number}: {long}"} for number in range(520)]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert len(content) > 10_000_000
    door(study, content, "p.jsonl")
    assert Prompt.objects.count() == len(rows)


def test_a_file_of_10_mb_that_is_one_line_is_refused(study: Study, door: Door) -> None:
    said = door(study, json.dumps({"prompt": "a" * 10_000_000}).encode(), "p.jsonl")
    assert "10,000,000 characters; 50,000 is the most" in said
    assert not Prompt.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_row_more_than_may_be(study: Study, door: Door) -> None:
    said = door(study, b'{"prompt": ""}\n' * (MOST_ROWS + 1), "p.jsonl")
    assert "There are more than 100,000 rows. Please split the file." in said


def test_a_file_of_another_kind(study: Study) -> None:
    assert "Please choose a .jsonl, .csv or .parquet file." in by_page(study, b"x", "p.docx")
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
def test_text_comes_in_as_it_was_sent(study: Study, door: Door, text: str) -> None:
    row = {"prompt": text, "external_id": "😶", "responses": [text]}
    door(study, json.dumps(row).encode(), "p.jsonl")
    prompt = Prompt.objects.get()
    assert prompt.messages == [{"role": "user", "content": text}]
    assert (prompt.external_id, prompt.responses.get().text) == ("😶", text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\x00b", "NUL"),
        ("\ud800", "not Unicode text"),
        ("é" * 50_001, "50,001 characters; 50,000 is the most"),
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
