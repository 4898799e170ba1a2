"""Responses with model disclosure are refused by line in every kind of import."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from annotations.models import Response
from codesign.studies.models import Study
from modelhub.models import ModelVersion
from tests.factories.studies import StudyFactory
from tests.support.import_doors import Door, plain, table

pytestmark = pytest.mark.django_db
NAMED = {"text": "Hello, I am zephyr-7b-beta", "model": "HuggingFaceH4/zephyr-7b-beta"}
FINE = {"text": "My name is Claude and I have lived with this.", "model": "zephyr-7b-beta"}


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def written(kind: str, *responses: Any) -> bytes:
    """A file of one row with these responses."""
    if kind == "jsonl":
        return json.dumps({"prompt": "Hello", "responses": responses}).encode()
    if kind == "parquet":
        return table(prompt=["Hello"], responses=[list(responses)])
    out = io.StringIO()
    csv.writer(out).writerows([["prompt", "responses"], ["Hello", json.dumps(responses)]])
    return out.getvalue().encode()


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_a_reply_that_names_its_own_model_is_refused_by_line(
    study: Study, door: Door, kind: str
) -> None:
    said = plain(door(study, written(kind, FINE, NAMED), f"p.{kind}"))
    line = 2 if kind == "csv" else 1
    assert f"line {line}: " in said.lower()
    assert "response 2 reveals the model that wrote it (“zephyr-7b-beta”)" in said
    assert not Response.objects.exists()


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_mentions_of_other_products_are_imported(study: Study, door: Door, kind: str) -> None:
    door(study, written(kind, FINE, {**FINE, "text": "I asked ChatGPT 🤗"}), f"p.{kind}")
    assert Response.objects.count() == 2


CELL = json.dumps({"text": "That sounds hard.", "model": "zephyr-7b-beta"})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.csv", b'prompt,responses\nHello,"%s"\n' % CELL.replace('"', '""').encode()),
        ("p.csv", b'prompt,responses\nHello," %s "\n' % CELL.replace('"', '""').encode()),
        (
            "p.csv",
            'prompt,responses\nHello,"\u200b%s"\n'.encode() % CELL.replace('"', '""').encode(),
        ),
        ("p.jsonl", json.dumps({"prompt": "Hello", "responses": ["\ufeff" + CELL]}).encode()),
        ("p.jsonl", json.dumps({"prompt": "Hello", "responses": [json.dumps(CELL)]}).encode()),
        ("p.jsonl", json.dumps({"prompt": "Hello", "responses": [CELL]}).encode()),
        ("p.jsonl", json.dumps({"prompt": "Hello", "responses": CELL}).encode()),
        ("p.jsonl", json.dumps({"prompt": "Hello", "responses": json.loads(CELL)}).encode()),
        ("p.parquet", table(prompt=["Hello"], responses=[CELL])),
        ("p.parquet", table(prompt=["Hello"], responses=[[CELL]])),
        ("p.parquet", table(prompt=["Hello"], responses=[f"[{CELL}]"])),
    ],
)
def test_a_reply_given_as_an_object_is_split_into_text_and_model(
    study: Study, door: Door, name: str, content: bytes
) -> None:
    door(study, content, name)
    assert Response.objects.get().text == "That sounds hard."
    assert ModelVersion.objects.get().name == "zephyr-7b-beta"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ('{"text": "Hard.", "model": "m"', "is not valid JSON"),
        ("{'text': 'Hard.', 'model': 'm'}", "is not valid JSON"),
        ('{text: "Hard.", model: "m"}', "is not valid JSON"),
        ('Response(text="Hard.", model="m")', "is not valid JSON"),
        ('{"answer": "Hard.", "model": "m"}', "response 1 is neither text nor"),
        ('{"text": "Hard.", "model": 7}', "the model of response 1"),
        ('{"text": "", "model": "m"}', "response 1 is empty"),
        ("{}", "response 1 is neither text nor"),
        ('{"text": "{\\"text\\": \\"Hard.\\"}"}', "the text of response 1 is an object"),
        (json.dumps(NAMED), "response 1 reveals the model that wrote it (“zephyr-7b-beta”)"),
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_an_object_that_is_not_a_response_is_an_error_of_its_line(
    study: Study, door: Door, kind: str, reply: str, says: str
) -> None:
    said = plain(door(study, written(kind, reply), f"p.{kind}").replace("\\\\", "\\"))
    assert says in said
    assert not Response.objects.exists()


@pytest.mark.parametrize(
    "text",
    ["{smiles} I hear you.", "{NAME}, please call.", '"{sighs}" is what I hear.', "Text: a friend"],
)
def test_text_in_braces_is_text(study: Study, door: Door, text: str) -> None:
    door(study, written("jsonl", text), "p.jsonl")
    assert Response.objects.get().text == text


def test_a_json_body_hands_the_model_over_too(study: Study) -> None:
    from tests.support.import_doors import signed_in

    where = f"/api/v1/studies/{study.slug}/prompts/"
    body = {"prompts": [{"prompt": "Hello", "responses": [NAMED]}, {"prompt": "Fine."}]}
    answer = signed_in(study).post(where, body, content_type="application/json")
    assert answer.status_code == 400
    assert "response 1 reveals the model that wrote it" in json.dumps(
        answer.json(), ensure_ascii=False
    )
    skipped = signed_in(study).post(f"{where}?skip_bad=1", body, content_type="application/json")
    assert skipped.status_code == 201
    (problem,) = skipped.json()["skipped"]
    assert problem["line"] == 1
    assert "“zephyr-7b-beta”" in problem["problem"]
