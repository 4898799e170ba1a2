"""Rows that belong together: one prompt with several responses, in one file or in several."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from annotations.models import Prompt, Response, Task
from annotations.rules.prompts import content_hash, older_id_of_text
from annotations.services.intake import RowsRefused
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from modelhub.services.imports import ImportReport, check_file, import_file
from tests.factories.modelhub import open_round
from tests.factories.studies import CohortFactory, StudyFactory
from tests.support.import_doors import Door, plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def write(folder: Path, *rows: Any, name: str = "p.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def load(study: Study, folder: Path, *rows: Any, **extra: Any) -> ImportReport:
    return import_file(actor=SYSTEM, study=study, path=write(folder, *rows), **extra)


def replies(study: Study) -> dict[str, set[str]]:
    return {
        prompt.external_id: set(prompt.responses.values_list("text", flat=True))
        for prompt in Prompt.objects.filter(study=study)
    }


def test_one_row_for_each_answer(
    study: Study, door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    open_round(CohortFactory.create(study=study))
    table = (
        "external_id,prompt,topics,responses\n"
        "7.0,How do I tell my mother?,family,Write her a letter.\n"
        "7.0,How do I tell my mother?,family,Take somebody along.\n"
        "8.0,Why do I wake at four?,sleep,Many people do.\n"
    )
    said = door(study, table.encode(), "p.csv") + capsys.readouterr().out
    assert replies(study) == {
        "7": {"Write her a letter.", "Take somebody along."},
        "8": {"Many people do."},
    }
    assert Task.objects.count() == 1
    assert "1 row repeats the prompt of an earlier row." in said


def test_answers_far_apart_in_a_file_and_in_another_file(study: Study, tmp_path: Path) -> None:
    """The second answer is in another batch, the third in another import."""
    one = {"external_id": "q", "prompt": "How?", "responses": "First."}
    others = [{"prompt": f"Prompt {n}"} for n in range(700)]
    rows = [one, *others, {**one, "responses": "Second."}, one]
    checked = check_file(actor=SYSTEM, study=study, path=write(tmp_path, *rows))
    report = load(study, tmp_path, *rows)
    for counts in (checked, report):
        assert (counts.prompts, counts.already_there, counts.responses) == (701, 0, 2)
        assert counts.notes == [
            "2 rows repeat the prompt of an earlier row. New responses belong to that prompt."
        ]
    again = load(study, tmp_path, {**one, "responses": ["Third.", "First."]}, one)
    assert (again.prompts, again.already_there, again.responses) == (0, 1, 1)
    assert replies(study)["q"] == {"First.", "Second.", "Third."}


FIRST: dict[str, Any] = {
    "external_id": "q",
    "prompt": "How?",
    "category": "assessment",
    "topics": ["sleep"],
    "intensity": 2,
    "language": "en",
    "held_out": False,
    "family": "f",
}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("prompt", "Why?", "text"),
        ("category", "education", "category"),
        ("topics", ["sleep", "work"], "list of topics"),
        ("intensity", 1, "intensity"),
        ("language", "es", "language"),
        ("held_out", True, "“held out”"),
        ("family", "", "family"),
    ],
)
def test_a_difference_names_its_field(
    study: Study, tmp_path: Path, field: str, value: Any, said: str
) -> None:
    rows = [FIRST, {**FIRST, field: value, "responses": "Never."}]
    with pytest.raises(RowsRefused) as refused:
        load(study, tmp_path, *rows)
    sentence = f"line 2: 'q' is in line 1 with a different {said}."
    assert [str(problem) for problem in refused.value.problems] == [sentence]
    load(study, tmp_path, FIRST)
    with pytest.raises(RowsRefused) as refused:
        load(study, tmp_path, rows[1])
    sentence = f"line 1: 'q' already exists with a different {said}."
    assert [str(problem) for problem in refused.value.problems] == [sentence]
    assert not Response.objects.exists()


def test_of_several_differences_the_text_is_named_first(study: Study, tmp_path: Path) -> None:
    rows = [FIRST, {**FIRST, "prompt": "Why?", "family": "", "intensity": 1}]
    with pytest.raises(RowsRefused) as refused:
        load(study, tmp_path, *rows)
    assert "a different text." in str(refused.value.problems[0])


def test_a_difference_is_named_after_an_invalid_row(study: Study, tmp_path: Path) -> None:
    """After an invalid row nothing is written, so that the first row is not in the database."""
    rows: list[dict[str, Any]] = [{"prompt": ""}, *({"prompt": f"Prompt {n}"} for n in range(600))]
    rows += [{"prompt": "Prompt 3"}, {"prompt": "Prompt 550", "intensity": 3}]
    with pytest.raises(RowsRefused) as refused:
        load(study, tmp_path, *rows)
    assert [str(problem) for problem in refused.value.problems] == [
        "line 1: the prompt is empty.",
        "line 603: this prompt is in line 552 with a different intensity.",
    ]


def test_one_text_in_two_languages_is_two_prompts(study: Study, door: Door) -> None:
    content = b'{"prompt":"No","language":"en"}\n{"prompt":"No","language":"es"}\n'
    for _again in range(2):
        door(study, content, "p.jsonl")
        assert sorted(Prompt.objects.values_list("language", flat=True)) == ["en", "es"]


@pytest.mark.parametrize(
    ("first", "second"), [("It was 10² degrees", "It was 102 degrees"), ("ﬁne", "fine")]
)
def test_compatibility_characters_make_different_prompts(
    study: Study, tmp_path: Path, first: str, second: str
) -> None:
    report = load(study, tmp_path, {"prompt": first}, {"prompt": second})
    assert (report.prompts, report.notes) == (2, [])
    with pytest.raises(RowsRefused) as refused:
        load(
            study,
            tmp_path,
            {"prompt": first, "external_id": "a"},
            {"prompt": second, "external_id": "a"},
        )
    assert "'a' is in line 1 with a different text." in str(refused.value.problems[0])


@pytest.mark.parametrize("second", ["I  can't\r\nSLEEP, e\u0301.", "i can't\nsleep, é. "])
def test_space_case_and_composition_do_not_make_another_prompt(
    study: Study, tmp_path: Path, second: str
) -> None:
    report = load(study, tmp_path, {"prompt": "I can't\nsleep, é."}, {"prompt": second})
    assert report.prompts == 1


def test_ids_that_older_versions_made_are_known(study: Study, tmp_path: Path) -> None:
    load(study, tmp_path, {"prompt": "It was 10²", "language": "es"})
    prompt = Prompt.objects.get()
    older = older_id_of_text(content_hash(prompt.messages))
    load(study, tmp_path, {"prompt": "Another", "external_id": older})
    assert re.fullmatch(r"text-[0-9a-f]{16}", prompt.external_id)
    assert older != prompt.external_id
    third = load(study, tmp_path, {"prompt": "It was 10²", "language": "es"})
    assert (third.prompts, third.already_there) == (0, 1)


def test_a_prompt_under_an_older_id_is_not_imported_again(study: Study, tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "It was 10²"}]
    older = older_id_of_text(content_hash(messages))
    load(study, tmp_path, {"prompt": messages, "external_id": older})
    again = load(study, tmp_path, {"prompt": "It was 10²", "responses": "Hot."})
    assert (again.prompts, again.already_there, again.responses) == (0, 1, 1)
    twin = load(
        study, tmp_path, {"prompt": "It was 102"}, {"prompt": "It was 10²", "language": "es"}
    )
    assert twin.prompts == 2
    assert Prompt.objects.count() == 3


def test_the_sentence_is_the_same_at_every_door(study: Study, door: Door) -> None:
    rows = [FIRST, {**FIRST, "topics": ["rent"]}]
    said = plain(door(study, "".join(json.dumps(row) + "\n" for row in rows).encode(), "p.jsonl"))
    assert "'q' is in line 1 with a different list of topics." in said
