"""Exports of Label Studio and Argilla bring their texts, and count what people judged there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from modelhub.rules.import_choices import Options
from modelhub.rules.mapping import NoPrompt
from modelhub.rules.raw_rows import RawRows
from tests.support.raw_rows import PreparedRows, prepared


def textarea(*texts: str) -> dict[str, Any]:
    return {"from_name": "a", "to_name": "t", "type": "textarea", "value": {"text": list(texts)}}


CHOICE = {"from_name": "q", "to_name": "t", "type": "choices", "value": {"choices": ["good"]}}
LABEL_STUDIO: dict[str, Any] = {
    "id": 12,
    "data": {"prompt": "I feel low", "response_1": "Since when?", "response_2": "Cheer up."},
    "annotations": [
        {"result": [CHOICE, textarea("I am glad you result me.")], "was_cancelled": False},
        {"result": [textarea("never sent")], "was_cancelled": True},
    ],
    "predictions": [{"model_version": "m-2", "result": [textarea("Tell me more.")]}],
}
RESPONSES = [
    {"text": "Since when?"},
    {"text": "Cheer up."},
    {"text": "Tell me more.", "model": "m-2"},
    {"text": "I am glad you result me.", "origin": "human"},
]


@pytest.mark.parametrize("plain", [True, False])
def test_a_task_of_label_studio_has_its_texts_and_what_people_wrote(plain: bool) -> None:
    row = LABEL_STUDIO if plain else {n: json.dumps(v) for n, v in LABEL_STUDIO.items()}
    result = prepared([(1, row)])
    assert result.shape == "label_studio"
    ((_line, found),) = result.rows
    assert found["prompt"] == "I feel low"
    assert found["responses"] == RESPONSES
    assert str(found["external_id"]) == "12"
    assert result.counts["judged_elsewhere"] == 1


def test_a_dialogue_of_label_studio_is_a_conversation() -> None:
    talk = [{"author": "client", "text": "Hi"}, {"author": "Therapist", "text": "Hello"}]
    row = {"id": 1, "data": {"messages": talk}, "annotations": []}
    ((_line, found),) = prepared([(1, row)]).rows
    assert found["prompt"] == [{"role": "user", "content": "Hi"}]
    assert found["responses"] == [{"text": "Hello"}]


ARGILLA = {
    "id": "a-1",
    "fields": {"instruction": "I feel low", "response1": "Since when?", "response2": "Cheer up."},
    "responses": {"quality": [{"value": 4, "user_id": "u"}, {"value": 2, "user_id": "v"}]},
    "suggestions": {"quality": {"value": 3, "agent": None}, "tone": None},
    "metadata": {},
}
FLAT = {
    "id": "a-1",
    "instruction": "I feel low",
    "response1": "Since when?",
    "response2": "Cheer up.",
    "quality.responses": [4, 2],
    "quality.responses.users": ["u", "v"],
    "quality.suggestion": 3,
    "tone.suggestion": None,
}
OLD = {
    "external_id": "a-1",
    "instruction": "I feel low",
    "response1": "Since when?",
    "response2": "Cheer up.",
    "quality": [{"user_id": "u", "value": 4}, {"user_id": "v", "value": 2}],
    "quality-suggestion": 3,
    "quality-suggestion-metadata": {"agent": None},
}


@pytest.mark.parametrize("row", [ARGILLA, FLAT, OLD], ids=["records", "columns", "version 1"])
def test_a_record_of_argilla_has_its_fields(row: dict[str, Any]) -> None:
    result = prepared([(1, row)])
    assert result.shape == "argilla"
    ((_line, found),) = result.rows
    assert found == {
        "prompt": "I feel low",
        "responses": [{"text": "Since when?"}, {"text": "Cheer up."}],
        "external_id": "a-1",
    }
    assert result.counts["judged_elsewhere"] == 3  # two answers and a suggestion
    assert result.unused in ([], ["metadata"])


ITEMS = [
    {"id": "llm_1", "title": "LLM 1", "body": "Since when?"},
    {"id": "llm_2", "title": "LLM 2", "body": "Cheer up."},
    {"id": "llm-2", "title": "LLM 3", "body": "Tell me more."},
]


def task(data: dict[str, Any], *results: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, "data": data, "annotations": [{"completed_by": 4, "result": list(results)}]}


def result_of(kind: str, question: str, about: str = "", **value: Any) -> dict[str, Any]:
    return {"from_name": question, "to_name": about or question, "type": kind, "value": value}


def marks(result: Any, kind: str) -> list[tuple[str, list[Any]]]:
    ((_line, found),) = result.rows
    said = "label" if kind == "labels" else "value"
    return [(one["text"], [m[said] for m in one.get(kind, [])]) for one in found["responses"]]


@pytest.mark.parametrize(
    "value", [["llm-2", "llm_1", "llm_2"], {"rank": ["llm-2", "llm_1", "llm_2"]}]
)
def test_a_ranker_of_label_studio_ranks_the_entries_of_its_list(value: Any) -> None:
    data = {"prompt": "I feel low", "items": ITEMS}
    result = prepared([(1, task(data, result_of("ranker", "rank", "list", ranker=value)))])
    assert marks(result, "ranks") == [
        ("Since when?", [2]),
        ("Cheer up.", [3]),
        ("Tell me more.", [1]),
    ]
    assert result.unused == []


def test_buckets_of_a_ranker_are_labels() -> None:
    data = {"prompt": "I feel low", "items": ITEMS}
    value = {"_": ["llm_2"], "biased": ["llm-2"], "relevant": ["llm_1"]}
    result = prepared([(1, task(data, result_of("ranker", "rank", "list", ranker=value)))])
    assert marks(result, "labels") == [
        ("Since when?", ["relevant"]),
        ("Cheer up.", []),
        ("Tell me more.", ["biased"]),
    ]
    assert marks(result, "ranks") == [(one["body"], []) for one in ITEMS]


@pytest.mark.parametrize(("side", "ranks"), [("left", [[1], [2]]), ("right", [[2], [1]])])
def test_a_comparison_of_label_studio_ranks_two_responses(side: str, ranks: Any) -> None:
    result = prepared([(1, task(LABEL_STUDIO["data"], result_of("pairwise", "pw", selected=side)))])
    assert [said for _text, said in marks(result, "ranks")] == ranks
    assert result.counts["sides"] == 1


@pytest.mark.parametrize(
    ("data", "given"),
    [
        ({"prompt": "I feel low", "items": ITEMS}, result_of("pairwise", "pw", selected="left")),
        (LABEL_STUDIO["data"], result_of("pairwise", "pw", selected="none")),
        (LABEL_STUDIO["data"], result_of("ranker", "rank", items=["a", "b"], weights=[1, 0.5])),
        ({"prompt": "Low", "items": ITEMS}, result_of("ranker", "rank", ranker=["llm_1", "gone"])),
        (LABEL_STUDIO["data"], result_of("choices", "better", "t", choices=["A"])),
        (LABEL_STUDIO["data"], result_of("taxonomy", "t", "response_1", taxonomy=[["a", "b"]])),
        ({"prompt": "Low", "response": "So?"}, result_of("rating", "r", start=0, end=1, rating=4)),
    ],
)
def test_what_says_nothing_of_one_text_or_of_all_is_counted(data: Any, given: Any) -> None:
    result = prepared([(1, task(data, given))])
    assert result.counts["judged_elsewhere"] == 1
    assert not any(kind in str(result.rows) for kind in ("'ranks'", "'labels'", "'scores'"))


def test_choices_of_a_response_are_labels_and_those_of_a_passage_are_spans() -> None:
    about = {"from_name": "tone", "to_name": "response_1", "type": "choices"}
    passage = {"start": 0, "end": 5, "text": "Since", "choices": ["asking"]}
    given = [{**about, "value": {"choices": ["warm", "short"]}}, {**about, "value": passage}]
    result = prepared([(1, task(LABEL_STUDIO["data"], *given))])
    assert marks(result, "labels")[0] == ("Since when?", ["warm", "short"])
    ((_line, found),) = result.rows
    assert found["responses"][0]["spans"] == [{"label": "asking", "start": 0, "end": 5, "rater": 1}]


def test_fields_of_argilla_with_other_names_are_guessed() -> None:
    row = {"fields": {"question": "Why?", "answer": "Because."}, "responses": {}, "id": "q"}
    ((_line, found),) = prepared([(1, row)]).rows
    assert found == {"prompt": "Why?", "responses": "Because.", "external_id": "q"}


def test_the_usual_names_of_texts_are_prompts() -> None:
    label_studio = {"id": 1, "data": {"text": "I feel low"}, "annotations": [{"result": [CHOICE]}]}
    ((_line, found),) = prepared([(1, label_studio)]).rows
    assert found == {"prompt": "I feel low", "external_id": 1}
    nested = {"id": "1", "fields": {"text": "I feel low"}, "metadata": {}, "responses": []}
    flat = {"text": "I feel low", "label.responses": ["a"], "id": "1"}
    for row in (nested, flat):
        result = prepared([(1, row)])
        assert result.shape == "argilla"
        assert result.rows == [(1, {"prompt": "I feel low", "external_id": "1"})]


@pytest.mark.parametrize("name", ["dialogue", "talk"])
def test_any_field_with_turns_is_a_conversation(name: str) -> None:
    turns = [{"author": "user", "text": "I feel low"}, {"author": "bot", "text": "Why?"}]
    row = {"id": 1, "data": {name: turns, "text": "shown above"}, "annotations": []}
    ((_line, found),) = prepared([(1, row)]).rows
    assert found["prompt"] == [{"role": "user", "content": "I feel low"}]
    assert found["responses"] == [{"text": "Why?"}]


WORRY = {"id": 3, "data": {"worry": "I feel low", "kind": "mood"}, "annotations": []}
WRITTEN = WORRY | {"annotations": [{"result": [textarea("Since when?")]}]}


@pytest.mark.parametrize("table", [True, False])
def test_inner_names_are_offered_and_mapped(table: bool) -> None:
    row = {n: json.dumps(v) for n, v in WRITTEN.items()} if table else WRITTEN
    options = Options(columns={"prompt": "data.worry", "topics": "data.kind"})
    result = prepared([(1, row)], options)
    assert result.prepared.columns == ["id", "data", "annotations", "data.worry", "data.kind"]
    assert result.shape == "label_studio"
    ((_line, found),) = result.rows
    assert found["prompt"] == "I feel low"
    assert found["topics"] == "mood"
    assert found["responses"] == [{"text": "Since when?", "origin": "human"}]


def test_inner_names_of_a_table_are_read() -> None:
    row = {"nr": "1", "data": json.dumps({"worry": "I feel low"}), "kind": "mood"}

    def read(wanted: Any) -> Any:
        return iter([(1, row if wanted is None else {n: row[n] for n in wanted})])

    result = PreparedRows(RawRows(list(row), 1, read), Options(columns={"prompt": "data.worry"}))
    assert result.rows == [(1, {"prompt": "I feel low"})]
    assert result.unused == ["nr", "kind"]


def test_an_unknown_inner_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(NoPrompt, match=r"no column called data.text.*annotations, data.worry"):
        prepared([(1, WORRY)], Options(columns={"prompt": "data.text"}))


def test_names_inside_of_a_row_that_are_not_read_are_named() -> None:
    data = {"text": "I feel low", "url": "https://example.org", "empty": None}
    label_studio = prepared([(1, {"id": 1, "data": data, "annotations": []})])
    assert label_studio.unused == ["data.url"]
    mapped = Options(columns={"prompt": "data.url"})
    assert prepared([(1, {"data": data, "annotations": []})], mapped).unused == []
    argilla = prepared([(1, {"fields": {"prompt": "Hi", "picture": "x.png"}, "responses": []})])
    assert argilla.unused == ["fields.picture"]


def test_a_field_with_a_reply_beside_a_conversation_is_its_response() -> None:
    fields = {"chat": [{"role": "user", "content": "Hi"}], "reply": "Hello."}
    ((_line, found),) = prepared([(1, {"fields": fields, "responses": []})]).rows
    assert [one["text"] for one in found["responses"]] == ["Hello."]
