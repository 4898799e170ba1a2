"""What a value of a file means, whatever the kind of file."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelhub.rules.imports import ImportRow, import_row
from modelhub.rules.prepare import COLUMNS
from modelhub.rules.raw_rows import BadRow

NAN = float("nan")
TURN = {"role": "user", "content": "Hello"}


def read(**values: Any) -> ImportRow:
    return import_row({"prompt": "Hello", **values}, line=1)


@pytest.mark.parametrize("missing", [None, NAN, "", " ", "\n\t"])
@pytest.mark.parametrize(
    "name", ["external_id", "category", "topics", "intensity", "language", "held_out", "responses"]
)
def test_what_is_missing_has_its_default(name: str, missing: Any) -> None:
    assert read(**{name: missing}) == read()


@pytest.mark.parametrize(
    ("value", "id"),
    [
        (17, "17"),
        (17.0, "17"),
        ("17.0", "17"),
        (" 17.00 ", "17"),
        ("17", "17"),
        ("017", "017"),
        ("1.10", "1.10"),
        (2.5, "2.5"),
        ("q-17.0", "q-17.0"),
        (-3.0, "-3"),
        (2**70, str(2**70)),
    ],
)
def test_whole_numbers_that_became_decimal_are_the_same_id(value: Any, id: str) -> None:
    assert read(external_id=value).prompt.external_id == id
    assert read(family=value).prompt.family == id


@pytest.mark.parametrize("value", [float(2**53 + 2), "1.23457E+17", "1E+17", "1,5e+17"])
def test_an_id_that_was_rounded_is_refused(value: Any) -> None:
    with pytest.raises(BadRow, match="external_id is a number that was rounded"):
        read(external_id=value)


@pytest.mark.parametrize("word", ["NA", "nan", "NULL", "None", "\\N", "<NA>"])
def test_words_for_a_missing_value_mean_that_it_is_missing(word: str) -> None:
    names = ("external_id", "category", "topics", "intensity", "language", "held_out", "family")
    assert read(**dict.fromkeys(names, word)) == read()


@pytest.mark.parametrize("word", ["NA", "nan", "NULL", " <NA> "])
def test_words_for_a_missing_value_are_no_texts(word: str) -> None:
    with pytest.raises(BadRow, match=f"the prompt is “{word.strip()}”, which programs write"):
        read(prompt=word)
    with pytest.raises(BadRow, match=f"response 2 is “{word.strip()}”, which programs write"):
        read(responses=["Hello.", word])


@pytest.mark.parametrize(
    ("value", "code"), [("English", "en"), ("german", "de"), ("pt-BR", "pt-BR"), ("xyzzy", None)]
)
def test_languages_by_name(value: str, code: str | None) -> None:
    if code:
        assert read(language=value).prompt.language == code
    else:
        with pytest.raises(BadRow, match="language must be a code such as en"):
            read(language=value)


@pytest.mark.parametrize("value", [True, {}, [17], float("inf")])
def test_other_values_are_no_id(value: Any) -> None:
    with pytest.raises(BadRow, match="external_id is neither text nor a number"):
        read(external_id=value)


@pytest.mark.parametrize("value", [2, 2.0, "2", "2.0", " 2 ", "2,0"])
def test_intensity(value: Any) -> None:
    assert read(intensity=value).prompt.intensity == 2


@pytest.mark.parametrize("value", [True, 2.5, "two", "2,5", "2,000", [2], 4, "0"])
def test_no_intensity(value: Any) -> None:
    with pytest.raises(BadRow, match=r"intensity must be 1 \(light\), 2 or 3"):
        read(intensity=value)


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "1.0", "TRUE", " yes "])
def test_held_out(value: Any) -> None:
    assert read(held_out=value).prompt.held_out is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "0", "0.0", "False", "no"])
def test_not_held_out(value: Any) -> None:
    assert read(held_out=value).prompt.held_out is False


@pytest.mark.parametrize("value", [2, 0.5, "maybe", [], {}])
def test_neither_held_out_nor_not(value: Any) -> None:
    with pytest.raises(BadRow, match="held_out must be true or false"):
        read(held_out=value)


@pytest.mark.parametrize(
    ("value", "topics"),
    [
        ("sleep", ["sleep"]),
        ("sleep; low mood;;", ["sleep", "low mood"]),
        (["sleep", None, NAN, ""], ["sleep"]),
        ('["sleep", null]', ["sleep"]),
        (' [ "sleep" ] ', ["sleep"]),
        ("[]", []),
        ("[sleep]", ["[sleep]"]),
    ],
)
def test_topics(value: Any, topics: list[str]) -> None:
    assert [topic.strip() for topic in read(topics=value).prompt.topics] == topics


def test_words_of_fixed_lists_are_read_in_any_case() -> None:
    row = read(
        category=" Assessment", responses=[{"text": "One.", "origin": "HUMAN"}], language=" es "
    )
    assert (row.prompt.category, row.responses[0].origin) == ("assessment", "human")
    assert row.prompt.language == "es"


CONVERSATION = [TURN, {"role": "assistant", "content": "Hi."}, TURN]


@pytest.mark.parametrize(
    "value",
    [
        CONVERSATION,
        json.dumps(CONVERSATION),
        json.dumps(CONVERSATION, indent=4),
        "\n [\n\n" + json.dumps(CONVERSATION)[1:],
        [{**turn, "name": None, "tool_calls": [], "id": "", "x": NAN} for turn in CONVERSATION],
        [CONVERSATION[0], None, {"role": None, "content": None}, *CONVERSATION[1:], NAN],
        [{**turn, "role": turn["role"].title()} for turn in CONVERSATION],
    ],
)
def test_conversations(value: Any) -> None:
    assert read(prompt=value).prompt.messages == CONVERSATION


@pytest.mark.parametrize("value", [TURN, json.dumps(TURN), " " + json.dumps(TURN, indent=1)])
def test_one_turn(value: Any) -> None:
    assert read(prompt=value).prompt.messages == [TURN]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([{**TURN, "id": "m-1"}], "turn 1 has the unknown key “id”. Remove it, or leave it empty."),
        (
            [TURN, {**TURN, "tool": {"a": 1}, "name": "x"}],
            "turn 2 has the unknown key “name”, “tool”",
        ),
        ("[\n {'role': 'user', 'content': 'x'}]", "prompt starts like a list or an object"),
        ("[{not json", "prompt starts like a list or an object"),
        ([None, {}], "the prompt must be text or a list of turns"),
        ([{"role": "user", "content": NAN}], "the text of turn 1 must be text"),
        ([{"role": "user"}], "the text of turn 1 must be text"),
        ([{"content": "Hello"}], "unknown role"),
        ("\u200b", "the prompt is empty"),
        (b"caf\xe9", "the prompt must be text"),
    ],
)
def test_what_is_no_prompt(value: Any, says: str) -> None:
    with pytest.raises(BadRow) as refused:
        read(prompt=value)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text", ["[NAME] does not call me.", "{sad} is how I feel", "[1, 2] is a list, says my teacher"]
)
def test_text_with_brackets_is_text(text: str) -> None:
    assert read(prompt=text).prompt.messages[0]["content"] == text
    assert [one.text for one in read(responses=text).responses] == [text]


@pytest.mark.parametrize(
    "value",
    [
        ["One.", "Two."],
        '["One.", "Two."]',
        '\n[ "One." ,\n"Two." ]\n',
        '\u200b["One.", "Two."]',
        [{"text": "One.", "model": None, "origin": NAN, "score": None}, "Two.", None, NAN],
        ["One.", {"text": None, "model": None}, "Two."],
        [{"text": "One.", "model": ""}, {"text": "Two.", "notes": []}],
    ],
)
def test_responses(value: Any) -> None:
    responses = read(responses=value).responses
    assert [(one.text, one.model, one.origin) for one in responses] == [
        ("One.", "", "ai"),
        ("Two.", "", "ai"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[Takes a breath] I hear how heavy that is.",
        "[1] Rest first.",
        "[1]",
        "[NAME]",
        "[“one”, “two”]",
        '["Quiet"] is what I would call it.',
        "[[double brackets]]",
        "One answer; not two.",
    ],
)
def test_bare_text_is_one_response(text: str) -> None:
    for value in (text, [text]):
        assert [one.text for one in read(responses=value).responses] == [text]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("['One.', 'Two.']", "responses starts like a list or an object"),
        ('["One.", "Two."', None),
        ('["One." "Two."]', "responses starts like a list or an object"),
        ('[{"text": "One.", "model": "m"}', "responses starts like a list or an object"),
        ([{"text": "One.", "score": 5}], "It has the unknown key “score”."),
        ([{"text": None, "model": "m"}], "response 1 is neither text nor"),
        ([{}], "response 1 is neither text nor"),
        (["One.", "\u200b"], "response 2 is empty"),
        (["One.", ""], "response 2 is empty"),
        ([17], "response 1 is neither text nor"),
        ([[]], "response 1 is neither text nor"),
        (17, "responses is not a list"),
    ],
)
def test_what_is_no_response(value: Any, says: str | None) -> None:
    if says is None:  # a text that does not end like a list
        assert len(read(responses=value).responses) == 1
        return
    with pytest.raises(BadRow) as refused:
        read(responses=value)
    assert says in str(refused.value)


def test_texts_have_one_kind_of_line_end() -> None:
    row = read(
        prompt=[{"role": "user", "content": "one\r\ntwo\rthree"}],
        responses=["a\r\nb", {"text": "c\rd"}],
    )
    assert row.prompt.messages == [{"role": "user", "content": "one\ntwo\nthree"}]
    assert [one.text for one in row.responses] == ["a\nb", "c\nd"]
    assert read(prompt="one\r\ntwo").prompt.messages[0]["content"] == "one\ntwo"


KEYS = ["role", "content", "text", "model", "x"]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(COLUMNS)), anything), anything)
def test_any_row_is_read_or_refused_with_a_sentence(raw: dict[str, Any], prompt: Any) -> None:
    """Prevents a traceback for an unexpected value."""
    try:
        row = import_row({**raw, "prompt": prompt}, line=1)
    except BadRow:
        return
    assert all(turn.keys() == {"role", "content"} for turn in row.prompt.messages)
    assert type(row.prompt.held_out) is bool


def test_a_text_that_is_almost_a_list_is_read_in_linear_time() -> None:
    text = f"['a'{' ' * 40_000}x]"
    begun = time.process_time()
    assert len(read(responses=text).responses) == 1
    assert time.process_time() - begun < 2
