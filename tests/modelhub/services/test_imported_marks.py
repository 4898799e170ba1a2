"""Ranks, scores, labels and spans of a file are recorded as imported judgements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotations.models import ImportedJudgement, Response
from codesign.audit.models import Event
from codesign.studies.models import Study
from tests.factories.studies import StudyFactory
from tests.support.import_doors import Door, by_command, table
from tests.support.uploads import Desk, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


def kept() -> list[tuple[Any, ...]]:
    fields = ("response__text", "kind", "criterion", "value", "start", "end", "rater")
    return sorted(ImportedJudgement.objects.values_list(*fields), key=str)


def row(**reply: Any) -> bytes:
    return lines({"prompt": "I feel low.", "responses": [{"text": "I am\r\nhere.", **reply}]})


def test_scores_and_spans_of_our_own_rows_are_kept(study: Study, door: Door) -> None:
    spans = [{"label": "warm", "start": 6, "end": 11, "rater": 2}]
    door(study, row(scores={"helpful": 4, "safe": "3.5"}, spans=spans, rank=1), "ratings.jsonl")
    text = "I am\nhere."
    assert kept() == [
        (text, "rank", "", 1.0, None, None, 1),
        (text, "score", "helpful", 4.0, None, None, 1),
        (text, "score", "safe", 3.5, None, None, 1),
        (text, "span", "warm", 1.0, 5, 10, 2),
    ]


def test_several_raters_have_numbers(study: Study, door: Door) -> None:
    scores = [{"criterion": "warm", "value": n, "rater": n} for n in (1, 2)]
    door(study, row(scores=scores), "ratings.jsonl")
    assert [(one[3], one[6]) for one in kept()] == [(1.0, 1), (2.0, 2)]


def test_ranks_and_labels_of_our_own_rows_are_kept(study: Study, door: Door) -> None:
    ranks = [{"value": 2}, {"criterion": "kind", "value": "1", "rater": 2}]
    labels = {"tone": ["warm", "short"], "safe": "yes", "none": None}
    door(study, row(ranks=ranks, rank=2, labels=labels), "ratings.jsonl")
    found = ImportedJudgement.objects.order_by("kind", "criterion", "label")
    assert list(found.values_list("kind", "criterion", "label", "value", "rater")) == [
        ("label", "safe", "yes", 1.0, 1),
        ("label", "tone", "short", 1.0, 1),
        ("label", "tone", "warm", 1.0, 1),
        ("rank", "", "", 2.0, 1),
        ("rank", "kind", "", 1.0, 2),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        {"ranks": [{"value": 0}]},
        {"ranks": [{"value": 1.5}]},
        {"ranks": [{"value": 2}], "rank": 1},
        {"labels": {"tone": 4}},
        {"labels": {"tone": "x" * 61}},
        {"labels": [{"criterion": 4, "label": "warm"}]},
        {"labels": "warm"},
        {"scores": {"helpful": "good"}},
        {"scores": {"helpful": True}},
        {"scores": 4},
        {"scores": {"helpful": 1e10}},
        {"scores": {"x" * 61: 1}},
        {"scores": [{"criterion": "a", "value": 1}, {"criterion": "a", "value": 2}]},
        {"scores": [{"criterion": "a", "value": 1, "rater": "Dr Jane Doe"}]},
        {"scores": [{"criterion": "a", "value": 1, "name": "Dr Jane Doe"}]},
        {"spans": [{"label": "a", "start": 3, "end": 3}]},
        {"spans": [{"label": "a", "start": 3, "end": 99}]},
        {"spans": [{"label": "a", "start": "x", "end": 9}]},
        {"spans": "warm"},
        {"scores": [{"criterion": "a", "value": n, "rater": n} for n in range(1, 1002)]},
    ],
)
def test_scores_and_spans_that_cannot_be_are_errors_of_their_row(
    study: Study, bad: dict[str, Any]
) -> None:
    upload = Desk(study).checked(row(**bad))
    ((line, problem),) = upload.problems
    assert (line, "response 1" in problem) == (1, True)


def test_missing_scores_as_tables_write_them_are_left_out(study: Study, tmp_path: Path) -> None:
    by_command(study, row(scores={"a": None, "b": 2}, spans=None), "r.jsonl", tmp_path)
    assert [one[2:4] for one in kept()] == [("b", 2.0)]


def test_a_span_whose_text_is_changed_is_not_kept_and_said(study: Study) -> None:
    spans = [{"label": "warm", "start": 0, "end": 4}]
    reply = {"text": "<p>Tell me.</p>", "scores": {"a": 1}, "spans": spans}
    desk = Desk(study)
    upload = desk.checked(lines({"prompt": "Why?", "responses": [reply]}))
    page = desk.page(upload)
    assert "1 score, label or span is kept as imported." in page
    assert "1 span is not imported, because its text is changed." in page
    assert 'name="source"' in page


def test_a_file_that_comes_again_adds_nothing(study: Study, tmp_path: Path) -> None:
    for _time in range(2):
        by_command(study, row(scores={"a": 1}), "r.jsonl", tmp_path)
    assert (len(kept()), Response.objects.count()) == (1, 1)
    events = Event.objects.filter(action="annotations.judgements_imported")
    assert [one.data["statements"] for one in events] == [1]


def test_many_batches_make_one_audit_event(study: Study, tmp_path: Path) -> None:
    rows = [
        {"prompt": f"Why {n}?", "responses": [{"text": f"So {n}.", "scores": {"a": n}}]}
        for n in range(1_100)
    ]
    by_command(study, lines(*rows), "r.jsonl", tmp_path)
    assert len(kept()) == 1_100
    events = Event.objects.filter(action="annotations.judgements_imported")
    assert [one.data["statements"] for one in events] == [1_100]
    assert "Imported file" in json.dumps(events[0].data)


# exports of annotation tools


def mark(kind: str, about: str, question: str, **value: Any) -> dict[str, Any]:
    return {"from_name": question, "to_name": about, "type": kind, "value": value}


REPLY = "I 🙂 am here. Tell me more."
LABEL_STUDIO = {
    "id": 12,
    "data": {"prompt": "I feel low.", "response": REPLY},
    "annotations": [
        {
            "completed_by": {"id": 7, "email": "jane.doe@example.org"},
            "result": [
                mark("rating", "response", "warmth", rating=4),
                mark("choices", "response", "fit", choices=["good"]),
                mark("rating", "prompt", "severity", rating=1),
                # Counted as JavaScript does: the smiling face is two.
                mark("labels", "response", "m", start=8, end=12, text="here", labels=["warm"]),
                mark("labels", "response", "m", start=0, end=4, text="else", labels=["cold"]),
            ],
        },
        {"completed_by": 9, "result": [mark("number", "response", "warmth", number=2.5)]},
        {"completed_by": 9, "was_cancelled": True, "result": [mark("rating", "t", "x", rating=1)]},
    ],
}
PAIR = {"prompt": "I feel low.", "response_1": REPLY, "response_2": "Cheer up."}
FIRST = {"warmth_response_1": 4, "warmth_response_2": 1, "overall": 3}
ARGILLA = {
    "records": {
        "id": "a",
        "fields": PAIR,
        "responses": {
            **{name: [{"value": n, "user_id": "jane"}] for name, n in FIRST.items()},
            "warmth_response_1": [{"value": 4, "user_id": "jane"}, {"value": 2, "user_id": "jo"}],
            "marks_response_2": [
                {"value": [{"label": "cold", "start": 0, "end": 5}], "user_id": "jane"}
            ],
        },
    },
    "columns": {
        "id": "a",
        **PAIR,
        "warmth_response_1.responses": [4, 2],
        "warmth_response_1.responses.users": ["jane", "jo"],
        "warmth_response_2.responses": [1],
        "warmth_response_2.responses.users": ["jane"],
        "overall.responses": [3],
        "overall.responses.users": ["jane"],
        "marks_response_2.responses": [[{"label": "cold", "start": 0, "end": 5}]],
        "marks_response_2.responses.users": ["jane"],
    },
    "by annotator": {
        "id": "a",
        "fields": PAIR,
        "responses": [
            {
                "user_id": "jane",
                "values": {
                    **{name: {"value": n} for name, n in FIRST.items()},
                    "marks_response_2": {"value": [{"label": "cold", "start": 0, "end": 5}]},
                },
            },
            {"user_id": "jo", "values": {"warmth_response_1": {"value": 2}}},
        ],
    },
}


def test_label_studio_brings_ratings_and_spans(study: Study, door: Door) -> None:
    door(study, lines(LABEL_STUDIO), "Dr Jane Doe.jsonl")
    assert kept() == [
        (REPLY, "label", "fit", 1.0, None, None, 1),
        (REPLY, "score", "warmth", 2.5, None, None, 2),
        (REPLY, "score", "warmth", 4.0, None, None, 1),
        (REPLY, "span", "warm", 1.0, 7, 11, 1),
    ]
    sources = set(ImportedJudgement.objects.values_list("source", flat=True))
    assert sources == {"Label Studio export"}


def test_the_preview_says_what_label_studio_brings(study: Study) -> None:
    desk = Desk(study)
    page = desk.page(desk.checked(lines(LABEL_STUDIO)))
    assert "4 scores, labels and spans are kept as imported." in page
    assert "2 scores or choices of annotators are not imported." in page
    assert "jane.doe" not in page


@pytest.mark.parametrize("form", ARGILLA)
def test_argilla_brings_scores_and_spans_by_annotator(
    study: Study, tmp_path: Path, form: str
) -> None:
    by_command(study, lines(ARGILLA[form]), "argilla.jsonl", tmp_path)
    assert kept() == [
        ("Cheer up.", "score", "warmth_response_2", 1.0, None, None, 1),
        ("Cheer up.", "span", "cold", 1.0, 0, 5, 1),
        (REPLY, "score", "warmth_response_1", 2.0, None, None, 2),
        (REPLY, "score", "warmth_response_1", 4.0, None, None, 1),
    ]


def test_the_hub_s_table_of_argilla_brings_rankings_and_labels(study: Study, door: Door) -> None:
    order = [{"value": "response_1", "rank": 2}, {"value": "response_2", "rank": 1}]
    columns: dict[str, list[Any]] = {
        "prompt": ["I feel low."],
        "response_1": [REPLY],
        "response_2": ["Cheer up."],
        "best.responses": [[order]],
        "best.responses.users": [["jane"]],
        "best.responses.status": [["submitted"]],
        "tone_response_2.responses": [["cold"]],
        "tone_response_2.responses.users": [["jane"]],
        "tone_response_2.suggestion.score": [0.5],
    }
    door(study, table(**columns), "train.parquet")
    assert kept() == [
        ("Cheer up.", "label", "tone_response_2", 1.0, None, None, 1),
        ("Cheer up.", "rank", "best", 1.0, None, None, 1),
        (REPLY, "rank", "best", 2.0, None, None, 1),
    ]
    assert set(ImportedJudgement.objects.values_list("source", flat=True)) == {"Argilla export"}


def test_the_preview_says_what_rankings_do_not_tell(study: Study) -> None:
    desk = Desk(study)
    lost = {**PAIR, "best.responses": [["response_2", "response_1"]]}
    page = desk.page(desk.checked(lines(lost)))
    assert "lists the options without their ranks" in page
    side = {
        "data": PAIR,
        "annotations": [{"result": [mark("pairwise", "p", "p", selected="left")]}],
    }
    page = desk.page(desk.checked(lines(side)))
    assert "The left one was taken as the first response." in page
    assert "2 responses have a rank in the file." in page


def test_scores_of_a_record_with_one_response_are_its(study: Study, tmp_path: Path) -> None:
    row = {
        "fields": {"question": "Why?", "answer": "Because."},
        "responses": {"quality": [{"value": 4, "user_id": "u"}]},
    }
    by_command(study, lines(row), "argilla.jsonl", tmp_path)
    assert kept() == [("Because.", "score", "quality", 4.0, None, None, 1)]
