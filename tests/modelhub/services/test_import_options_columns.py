"""Columns of other files are recognised by their names, by page, API and command."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Prompt, Response
from codesign.studies.models import Study
from modelhub.models import ImportMapping, Source
from modelhub.queries.uploads import KIND
from modelhub.rules.states import UploadState
from tests.factories.studies import StudyFactory
from tests.support import jobs
from tests.support.import_doors import Door, signed_in
from tests.support.uploads import Desk, lines

pytestmark = pytest.mark.django_db
ANSWERS = ["questionID", "questionTitle", "questionText", "topic", "answerText", "upvotes"]


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def replies(study: Study) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for prompt in Prompt.objects.filter(study=study).order_by("external_id"):
        texts = Response.objects.filter(prompt=prompt).order_by("created_at")
        found[prompt.external_id] = sorted(texts.values_list("text", flat=True))
    return found


def answers(*rows: tuple[str, ...]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([ANSWERS, *rows])
    return file.getvalue().encode()


def post(study: Study, rows: Any) -> Any:
    return signed_in(study).post(
        f"/api/v1/studies/{study.slug}/prompts/",
        json.dumps({"prompts": rows}),
        content_type="application/json",
    )


def test_answers_that_are_full_of_entities_do_not_hide_the_names(study: Study, door: Door) -> None:
    hard = "<p>It&nbsp;is&nbsp;hard.&nbsp;Try&nbsp;to&nbsp;rest,&nbsp;walk&nbsp;and&nbsp;talk.</p>"
    door(study, answers(("1", "Low", "Why so low?", "mood", hard, "0")), "answers.csv")
    assert replies(study) == {"1": ["It is hard. Try to rest, walk and talk."]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("latin.csv", b"question\x81,id,question text\nA,1,I feel low.\n"),
        ("null.jsonl", b'{"question\\u0000": "A", "query": "I feel low.", "id": "1"}'),
        ("lone.jsonl", b'{"question\\ud800": "A", "query": "I feel low.", "id": "1"}'),
    ],
)
def test_a_name_that_cannot_be_stored_is_not_used(
    study: Study, door: Door, name: str, content: bytes
) -> None:
    door(study, content, name)
    assert replies(study) == {"1": []}


def test_a_name_that_cannot_be_stored_may_be_the_only_one(study: Study) -> None:
    upload = Desk(study).checked(b"question\x81,id\nI feel low.,1\n", "latin.csv")
    assert (upload.state, upload.columns) == (UploadState.CHECKED, ["id"])
    answer = post(study, [{"question\ud800": "I feel low."}])
    assert answer.status_code == 400
    assert "there is no column called prompt" in answer.content.decode()


def test_a_name_that_cannot_be_stored_cannot_be_mapped(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(b"w\x81rter,id\nI feel low.,1\n")
    with pytest.raises(CommandError, match="there is no column called w"):
        call_command("import_prompts", study.slug, str(path), "--map=prompt=w\udc81rter")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.jsonl", lines({"prompt": "I feel low.", "response": "So?", "id": "a"})),
        ("p.csv", b"prompt,answer,id\nI feel low.,So?,a\n"),
        (
            "p.jsonl",
            lines(
                {
                    "id": "a",
                    "instruction": "I feel low.",
                    "completions": [
                        {"model": "m", "response": "So?", "overall_score": 3},
                        {"model": "n", "response": "Why?", "overall_score": 2},
                    ],
                }
            ),
        ),
    ],
)
def test_replies_come_in_by_other_names_beside_the_prompt(
    study: Study, door: Door, name: str, content: bytes
) -> None:
    door(study, content, name)
    expected = ["So?", "Why?"] if b"completions" in content else ["So?"]
    assert replies(study) == {"a": expected}
    models = Source.objects.values_list("model_version__name", flat=True)
    assert set(models) == ({"m", "n"} if b"completions" in content else {None})


def test_how_they_come_in_is_said_and_can_be_changed(study: Study) -> None:
    desk = Desk(study)
    rows = [{"prompt": f"Why {n}?", "response": "So?", "id": n} for n in range(101)]
    upload = desk.checked(lines(*rows, {"prompt": "Why?", "response": "So?", "late": 1}))
    page = desk.page(upload)
    assert "Columns: responses = response, external_id = id" in page
    assert "late" in page
    data = {"prompt": "=prompt", "responses": "-", "external_id": "=id"}
    desk.client.post(desk.at("upload-remap", upload), data)
    jobs.run(KIND, upload.id)
    upload.refresh_from_db()
    assert (upload.found["responses"], upload.found["prompts"]) == (0, 102)
    data["responses"] = "=response"
    desk.client.post(desk.at("upload-remap", upload), data)
    jobs.run(KIND, upload.id)
    upload.refresh_from_db()
    assert upload.found["responses"] == 102


def test_replies_in_the_texts_of_an_annotation_tool_come_in(study: Study, door: Door) -> None:
    row = {"id": "7", "fields": {"prompt": "I feel low.", "response": "So?"}, "responses": {}}
    door(study, lines(row), "argilla.jsonl")
    assert replies(study) == {"7": ["So?"]}


TOKENS = "Say <|im_end|> again."


def test_a_remembered_choice_is_set_back_on_the_page(study: Study) -> None:
    desk = Desk(study)

    def imported(number: int, **posted: str) -> dict[str, Any]:
        upload = desk.checked(lines({"prompt": f"{TOKENS} {number}", "external_id": f"{number}"}))
        if posted:
            desk.client.post(desk.at("upload-remap", upload), posted | {"prompt": "=prompt"})
            jobs.run(KIND, upload.id)
        desk.client.post(desk.at("upload-confirm", upload))
        jobs.run(KIND, upload.id)
        upload.refresh_from_db()
        assert upload.state == UploadState.DONE
        chosen: dict[str, Any] = upload.options["chosen"]
        return chosen

    assert imported(1, tokens="keep") == {"tokens": "keep"}
    assert imported(2) == {"tokens": "keep"}
    assert imported(3, tokens="neutralise") == {}
    assert imported(4) == {}
    kept = dict(Prompt.objects.values_list("external_id", "messages"))
    assert {name: TOKENS in turns[0]["content"] for name, turns in kept.items()} == {
        "1": True,
        "2": True,
        "3": False,
        "4": False,
    }


def test_the_defaults_alone_are_not_remembered(study: Study) -> None:
    post(study, [{"prompt": TOKENS}])
    assert not ImportMapping.objects.exists()
