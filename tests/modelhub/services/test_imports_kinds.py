"""A value means the same in every kind of file, through every door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from annotations.models import Prompt, Response
from codesign.studies.models import Study
from modelhub.queries.uploads import KIND as UPLOAD
from tests.factories.studies import StudyFactory
from tests.support import jobs
from tests.support.import_doors import Door, plain
from tests.support.import_files import KINDS
from tests.support.uploads import Desk, lines

pytestmark = pytest.mark.django_db
NAN = float("nan")
TURNS = [
    {"role": "user", "content": "I lost my job."},
    {"role": "assistant", "content": "I am sorry."},
    {"role": "user", "content": "What now?"},
]
ROWS: list[dict[str, Any]] = [
    {
        "external_id": 17.0,
        "prompt": "How do I sleep?\r\nI lie awake.",
        "intensity": 2.0,
        "held_out": 1.0,
        "topics": "sleep; low mood",
        "responses": "[Takes a breath] I hear you.",
    },
    {
        "external_id": 18.0,
        "prompt": "[\n  " + json.dumps(TURNS)[1:],
        "intensity": NAN,
        "held_out": 0.0,
        "topics": '["work", null]',
        "responses": '["One.", {"text": "Two.", "model": "model-a"}]',
    },
    {"external_id": NAN, "prompt": "Nobody calls.", "topics": None, "responses": None},
]


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


@pytest.mark.parametrize("name", KINDS)
def test_a_value_means_the_same_in_every_kind_of_file(study: Study, door: Door, name: str) -> None:
    said = door(study, KINDS[name](ROWS), name)
    first, second, third = Prompt.objects.order_by("external_id")
    assert (first.external_id, second.external_id) == ("17", "18"), said
    assert third.external_id.startswith("text-")
    assert first.messages == [{"role": "user", "content": "How do I sleep?\nI lie awake."}]
    assert second.messages == TURNS
    assert [one.intensity for one in (first, second, third)] == [2, 2, 2]
    assert [one.held_out for one in (first, second, third)] == [True, False, False]
    assert [one.topics for one in (first, second, third)] == [["sleep", "low mood"], ["work"], []]
    assert set(Response.objects.values_list("prompt__external_id", "text")) == {
        ("17", "[Takes a breath] I hear you."),
        ("18", "One."),
        ("18", "Two."),
    }


CRISIS = "Tonight I want to end my life. I have the pills in front of me."


def test_a_text_is_lighter_only_where_the_file_says_so(study: Study, door: Door) -> None:
    rows = [
        {"external_id": "crisis", "prompt": CRISIS, "responses": ["I am here.", "Call 116 123."]},
        {"external_id": "calm", "prompt": "I have slept badly for weeks.", "intensity": " "},
        {"external_id": "said", "prompt": f"{CRISIS} Help.", "intensity": 1},
    ]
    content = "\n".join(map(json.dumps, rows)).encode()
    door(study, content, "p.jsonl")
    assert dict(Prompt.objects.values_list("external_id", "intensity")) == {
        "crisis": 3,
        "calm": 2,
        "said": 1,
    }
    again = [{"external_id": "said", "prompt": f"{CRISIS} Help."}]
    assert "different" not in door(study, json.dumps(again).encode(), "q.json")
    assert Prompt.objects.get(external_id="said").intensity == 1  # a later file says nothing new


@pytest.mark.parametrize("name", ["p.csv", "p.json", "p.parquet", "p.xlsx"])
def test_an_invalid_value_is_the_same_error_in_every_kind_of_file(
    study: Study, door: Door, name: str
) -> None:
    rows = [{"prompt": "Fine.", "intensity": 1}, {"prompt": "Hello.", "intensity": 2.5}]
    said = plain(door(study, KINDS[name](rows), name))
    assert f"line {3 if name in ('p.csv', 'p.xlsx') else 2}: " in said.lower()
    assert "intensity must be 1 (light), 2 or 3 (heavy), not " in said
    assert not Prompt.objects.filter(messages__0__content="Hello.").exists()


QUALTRICS = (
    b"ResponseId,prompt,Q3\n"
    b"Response ID,What would you like to ask?,Age\n"
    b'"{""ImportId"":""_recordId""}","{""ImportId"":""QID1_TEXT""}","{""ImportId"":""QID3""}"\n'
    b"R_1,How do I talk to my manager about panic?,4\n"
)


def test_what_was_left_out_of_a_file_is_said_at_every_door(
    study: Study, door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    said = door(study, QUALTRICS, "p.csv") + capsys.readouterr().out
    assert "This is an export of Qualtrics. The two rows below the names" in said
    assert [p.messages[0]["content"] for p in Prompt.objects.all()] == [
        "How do I talk to my manager about panic?"
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.json.gz", b"\x1f\x8b\x08\x00damaged", "cannot be unpacked (gzip)"),
        ("p.csv.zst", b"\x28\xb5\x2f\xfddamaged", "cannot be unpacked (zstd)"),
        ("p.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "of an old version (.xls)"),
        ("p.json", b'{"data": [', "could not be read"),
        ("p.json", b'{"prompts": "none"}', "prompt"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(
    study: Study, door: Door, name: str, content: bytes, says: str
) -> None:
    said = door(study, content, name)
    assert says in said or "not valid JSON" in said
    assert "content is not understood" not in said
    assert not Prompt.objects.exists()


ODD: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": [{"type": None, "text": "Hello."}]}]},
    {"messages": [{"role": "user", "content": [{"type": 5}]}]},
    {"attributes": [{"key": "a", "value": {"arrayValue": "x"}}], "messages": None},
    {"attributes": [{"key": "a", "value": {"kvlistValue": [1]}}], "messages": None},
]


def test_values_of_odd_kinds_are_errors_of_their_lines(study: Study, door: Door) -> None:
    content = b"".join(json.dumps(row).encode() + b"\n" for row in ODD)
    said = plain(door(study, content, "p.jsonl")).lower()
    assert "turn 1 has a part that is not text" in said
    assert all(f"line {line}" in said for line in (2, 3, 4))
    assert "line 1:" not in said
    assert "not understood" not in said


def test_a_text_inside_of_a_row_is_mapped_by_page() -> None:
    desk = Desk()
    upload = desk.checked(lines({"id": 4, "data": {"worry": "I feel low"}, "annotations": []}))
    assert "data.worry" in desk.page(upload)
    answer = desk.client.post(desk.at("upload-remap", upload), {"prompt": "=data.worry"})
    assert answer.status_code == 302
    jobs.run(UPLOAD, upload.id)
    desk.client.post(desk.at("upload-confirm", upload))
    jobs.run(UPLOAD, upload.id)
    assert [p.messages[0]["content"] for p in Prompt.objects.all()] == ["I feel low"]
