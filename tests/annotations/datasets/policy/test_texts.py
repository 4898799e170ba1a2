"""Which texts are beside the rows that name them by id."""

from __future__ import annotations

from annotations.datasets.policy.snapshot import JudgedPrompt
from annotations.datasets.policy.texts import texts_of
from tests.support.snapshots import prompt, response


def test_the_prompt_comes_first_and_then_the_named_responses() -> None:
    judged = JudgedPrompt(prompt(), {name: response(name) for name in "abc"}, [])
    assert [(text.id, reason) for text, reason in texts_of(judged, {"c", "a"})] == [
        ("p", None),
        ("a", None),
        ("c", None),
    ]


def test_a_text_that_may_hold_personal_data_or_is_withdrawn_is_left_out() -> None:
    responses = {"a": response("a", withdrawn=True), "b": response("b", uncleared=True)}
    judged = JudgedPrompt(prompt(uncleared=True), responses, [])
    assert [reason for _text, reason in texts_of(judged, {"a", "b"})] == [
        "uncleared_text",
        "response_withdrawn",
        "uncleared_text",
    ]
