"""Files are imported completely or not at all, with errors by line."""

from __future__ import annotations

import bz2
import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from annotations.models import Prompt, Response, Task
from annotations.rules.states import RoundKind
from annotations.rules.text_kinds import Origin
from annotations.services.intake import RowsRefused
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Invalid, NotPermitted
from codesign.studies.models import Study
from codesign.studies.rules import Role
from modelhub.models import ModelVersion, Source
from modelhub.services.imports import ImportReport, import_file
from tests.factories.modelhub import open_round
from tests.factories.studies import CohortFactory, MemberFactory, StudyFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def write(path: Path, *rows: Any) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def load(study: Study, path: Path, **extra: Any) -> ImportReport:
    return import_file(actor=SYSTEM, study=study, path=path, **extra)


BAD = [
    ('{"prompt": "x"', "the line is not valid JSON"),
    ("[1, 2]", "not an object"),
    ({"external_id": "a"}, "the prompt is missing"),
    ({"prompt": None}, "the prompt is missing"),
    ({"prompt": 7}, "must be text or a list"),
    ({"prompt": "  "}, "the prompt is empty"),
    ({"prompt": "a\u0000b"}, "NUL"),
    ({"prompt": "x" * 50_001}, "50,001 characters; the limit is 50,000"),
    ({"prompt": [{"role": "user", "content": "a"}] * 201}, "201 turns"),
    ({"prompt": [{"role": "friend", "content": "a"}]}, "unknown role 'friend'"),
    ({"prompt": [{"role": "system", "content": "a"}]}, "the prompt has no turn of a person"),
    (
        {"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        "must end with a turn of the user",
    ),
    ({"prompt": "a", "category": "chat"}, "the category 'chat' is unknown"),
    ({"prompt": "a", "intensity": 9}, "not 9"),
    ({"prompt": "a", "intensity": "high"}, "not 'high'"),
    ({"prompt": "a", "held_out": "maybe"}, "held_out must be true or false, not 'maybe'"),
    ({"prompt": "a", "topics": {"a": 1}}, "topics must be a list"),
    ({"prompt": "a", "category": ["x"]}, "the category ['x'] is unknown"),
    ({"prompt": "a", "language": 3}, "language must be text"),
    ({"prompt": "a", "external_id": {}}, "external_id is neither"),
    ({"prompt": "a", "responses": 7}, "responses is not a list"),
    ({"prompt": "a", "responses": [""]}, "response 1 is empty"),
    ({"prompt": "a", "responses": ["b", {"model": "m"}]}, "response 2 is neither text nor"),
    ({"prompt": "a", "responses": [{"text": "b", "model": 3}]}, "the model of response 1"),
    (
        {"prompt": "a", "responses": ["I was made by OpenAI."]},
        "response 1 reveals the model that wrote it",
    ),
    ("[" * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("row", "says"), BAD, ids=[says for _, says in BAD])
def test_an_invalid_row_is_reported_by_line_and_nothing_is_imported(
    study: Study, tmp_path: Path, row: Any, says: str
) -> None:
    path = write(tmp_path / "p.jsonl", {"prompt": "A fine one"}, "", row, {"prompt": "Another"})
    with pytest.raises(RowsRefused) as refused:
        load(study, path)
    (problem,) = refused.value.problems
    assert problem.line == 3
    assert says in problem.problem
    assert not Prompt.objects.exists()
    report = load(study, path, skip_bad=True)
    assert (report.prompts, [p.line for p in report.skipped]) == (2, [3])


def test_a_line_that_is_not_utf8(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"prompt": "fine"}\n{"prompt": "\xff"}\n')
    with pytest.raises(RowsRefused) as refused:
        load(study, path)
    assert [str(p) for p in refused.value.problems] == [
        "line 2: the prompt is not Unicode text (UTF-8)."
    ]


def test_every_bad_line_is_listed_in_order(study: Study, tmp_path: Path) -> None:
    load(study, write(tmp_path / "a.jsonl", {"prompt": "One", "external_id": "a"}))
    bad = write(
        tmp_path / "b.jsonl",
        {"prompt": "Other", "external_id": "a"},
        {"prompt": ""},
        {"prompt": "fine"},
        {},
    )
    with pytest.raises(RowsRefused) as refused:
        load(study, bad)
    assert [problem.line for problem in refused.value.problems] == [1, 2, 4]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("p.txt", "unknown format"),
        ("nowhere.jsonl", "There is no file"),
        ("broken.parquet", "cannot be read as Parquet"),
    ],
)
def test_unknown_and_missing_files_are_refused(
    study: Study, tmp_path: Path, name: str, said: str
) -> None:
    if name != "nowhere.jsonl":
        (tmp_path / name).write_text("not much")
    with pytest.raises(Invalid, match=said):
        load(study, tmp_path / name)


def packed() -> bytes:
    """A zip file that is no workbook."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(zipfile.ZipInfo("p.csv"), "prompt\nHello\n")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.jsonl", bz2.compress(b"{}"), "is compressed (bzip2). Please unpack it"),
        ("p.csv", packed(), "is compressed (zip). Please unpack it"),
        ("p.csv", b"PK\x03\x04 a spreadsheet", "is damaged or cut off. Please export"),
    ],
)
def test_other_file_formats_are_named_in_the_refusal(
    study: Study, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid) as refused:
        load(study, tmp_path / name)
    assert says in refused.value.title


@pytest.mark.parametrize("cell", ['"never ends\nx\n', '"' + "x" * 16_000_001 + '"\nx\n'])
def test_a_truncated_table_reports_that_the_rest_was_not_read(
    study: Study, tmp_path: Path, cell: str
) -> None:
    (tmp_path / "p.csv").write_text("prompt\n" + cell, encoding="utf-8")
    (problem,) = load(study, tmp_path / "p.csv", skip_bad=True).skipped
    assert (problem.line, "nothing after it could be read" in problem.problem) == (2, True)


def test_an_empty_file_is_a_mistake(study: Study, tmp_path: Path) -> None:
    with pytest.raises(RowsRefused, match="row is invalid"):
        load(study, write(tmp_path / "p.jsonl"))


def test_responses_keep_their_models_apart_and_become_tasks(study: Study, tmp_path: Path) -> None:
    """Held-out prompts and lone responses do not become tasks."""
    round = open_round(CohortFactory.create(study=study))
    two = [{"text": "Tell me more.", "model": "model-a"}, {"text": "I see.", "model": "model-b"}]
    path = write(
        tmp_path / "p.jsonl",
        {"prompt": "One", "external_id": "1", "responses": two},
        {"prompt": "Two", "external_id": "2", "responses": two, "held_out": True},
        {"prompt": "Three", "external_id": "3", "responses": ["Hello."]},
        {"prompt": "Four", "external_id": "4", "responses": ["Same.", " Same."]},
        {
            "prompt": "Five",
            "external_id": "5",
            "responses": [{"text": "By hand.", "origin": "human"}, "By nobody knows."],
        },
    )
    report = load(study, path)
    assert (report.prompts, report.responses, report.tasks) == (5, 8, 2)
    assert report.models == {"model-a", "model-b"}
    assert set(Task.objects.values_list("round", "prompt__external_id")) == {
        (round.id, "1"),
        (round.id, "5"),
    }
    assert set(ModelVersion.objects.values_list("name", "kind", "study")) == {
        ("model-a", "imported", study.id),
        ("model-b", "imported", study.id),
    }
    by_source = dict(Source.objects.values_list("id", "model_version__name"))
    written = Response.objects.filter(prompt__external_id="1").values_list("text", "source")
    assert {(text, by_source[source]) for text, source in written} == {
        ("Tell me more.", "model-a"),
        ("I see.", "model-b"),
    }
    assert Response.objects.get(text="By hand.").origin == Origin.HUMAN


def test_of_many_replies_six_are_asked_about_evenly_over_models(
    study: Study, tmp_path: Path
) -> None:
    """Prevents tasks with 7 to 49 responses; a round takes at most six."""
    round = open_round(CohortFactory.create(study=study))
    models = [f"model-{number}" for number in range(9)]
    rows = [
        {
            "prompt": f"Prompt {number}",
            "responses": [
                {"text": f"{number} {place}", "model": name} for place, name in enumerate(models)
            ],
        }
        for number in range(30)
    ]
    report = load(study, write(tmp_path / "rows.jsonl", *rows))
    assert (report.responses, report.tasks) == (270, 30)
    assert {task.responses.count() for task in round.tasks.all()} == {6}
    assert set(round.tasks.values_list("drawn_from", flat=True)) == {9}
    shown = Response.objects.filter(tasks__round=round)
    by_model = shown.values_list("source").annotate(n=Count("id")).values_list("n", flat=True)
    assert list(by_model) == [20] * 9
    assert Response.objects.filter(prompt__study=study).count() == 270  # the others stay


def test_the_watch_callback_is_called_while_tasks_are_made(study: Study, tmp_path: Path) -> None:
    """Prevents a worker from counting as dead during a step that takes a minute."""
    open_round(CohortFactory.create(study=study))
    path = write(tmp_path / "p.jsonl", {"prompt": "One", "responses": ["First.", "Second."]})
    tasks: list[int] = []

    def watch(report: ImportReport) -> None:
        tasks.append(report.tasks)
        if report.tasks:
            raise InterruptedError("stopped by the test")

    with pytest.raises(InterruptedError, match="stopped by the test"):
        load(study, path, watch=watch)
    assert (tasks[0], tasks[-1]) == (0, 1)
    assert not Prompt.objects.exists()


def test_importing_a_file_again_changes_nothing(study: Study, tmp_path: Path) -> None:
    open_round(CohortFactory.create(study=study))
    path = write(tmp_path / "p.jsonl", {"prompt": "One", "responses": ["First.", "Second."]})
    load(study, path)
    again = load(study, path)
    assert (again.prompts, again.already_there, again.responses, again.tasks) == (0, 1, 0, 0)
    assert Response.objects.count() == 2


def test_without_an_open_judging_round_responses_wait(study: Study, tmp_path: Path) -> None:
    open_round(CohortFactory.create(study=study), kind=RoundKind.EVALUATION)
    path = write(tmp_path / "p.jsonl", {"prompt": "One", "responses": ["First.", "Second."]})
    report = load(study, path)
    assert (report.tasks, report.wait_for_round) == (0, 1)


def test_csv_with_lists_and_words(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    chat = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
    chat.append({"role": "user", "content": 'I can\'t sleep, "again"'})
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.writer(file)
        out.writerow(["prompt", "external_id", "topics", "intensity", "held_out", "responses", "x"])
        out.writerow([json.dumps(chat), "a", "sleep; low mood", "2", "TRUE", "", "1"])
        out.writerow(["Two\nlines", "b", '["sleep"]', "", "", json.dumps(["One.", "Two."]), ""])
        out.writerow(["Bare", "c", "", "", "no", "One response.", ""])
    report = load(study, path)
    assert (report.prompts, report.responses) == (3, 3)
    assert report.columns_not_used == {"x"}
    first, second, _ = Prompt.objects.order_by("external_id")
    assert first.messages == chat
    assert (first.topics, first.intensity, first.held_out) == (["sleep", "low mood"], 2, True)
    assert second.messages[0]["content"] == "Two\nlines"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("prompt,intensity\nfine,1\nx,high\n", 3, "not 'high'"),
        ('prompt,intensity\n"two\nlines",1\n,2\n', 4, "the prompt is missing"),
        ("prompt\nfine,more\n", 2, "more cells"),
        ('prompt\n"[{not json"\n', 2, "not valid JSON"),
        ('prompt\n"a"b\n', 2, "not valid CSV"),
        ("prompt\nb\xb3\n", 2, "not Unicode text"),
    ],
)
def test_csv_errors_name_the_line(
    study: Study, tmp_path: Path, text: str, line: int, says: str
) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(RowsRefused) as refused:
        load(study, path)
    (problem,) = refused.value.problems
    assert problem.line == line
    assert says in problem.problem


def test_parquet(study: Study, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(
        [
            {"prompt": "One", "topics": ["sleep"], "intensity": 2, "responses": None},
            {"prompt": "Two", "topics": None, "intensity": None, "responses": [{"text": "a"}]},
        ]
    )
    pq.write_table(table, tmp_path / "p.parquet")
    report = load(study, tmp_path / "p.parquet")
    assert (report.prompts, report.responses) == (2, 1)


def test_the_command_lists_skipped_rows(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "p.jsonl", {"prompt": "One"}, {"prompt": ""})
    with pytest.raises(CommandError, match=r"line 2: the prompt is empty\.") as refused:
        call_command("import_prompts", study.slug, str(path))
    assert "\n1 row is invalid, so nothing was imported." in str(refused.value)
    assert str(refused.value).endswith("import the valid rows with --skip-bad.")
    call_command("import_prompts", study.slug, str(path), "--skip-bad")
    said = capsys.readouterr().out
    assert "skipped line 2: the prompt is empty." in said
    assert "1 prompts imported" in said
    with pytest.raises(CommandError, match="no study called nowhere"):
        call_command("import_prompts", "nowhere", str(path))
    with pytest.raises(CommandError, match="no account"):
        call_command("import_prompts", study.slug, str(path), "--as", "nobody@example.org")


def test_who_may_import(study: Study, tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", {"prompt": "One", "responses": ["a", "b"]})
    open_round(CohortFactory.create(study=study))
    for member in (
        staff(study, Role.AUDITOR),
        staff(study, Role.SAFETY_LEAD),
        MemberFactory.create(cohort__study=study),
    ):
        with pytest.raises(NotPermitted, match="Your role"):
            import_file(actor=Actor.of(member.user), study=study, path=path)
    engineer = staff(study, Role.ML_ENGINEER)
    report = import_file(actor=Actor.of(engineer.user), study=study, path=path)
    assert (report.prompts, report.responses, report.tasks, report.wait_for_go) == (1, 2, 0, 1)
