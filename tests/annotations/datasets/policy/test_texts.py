"""Which texts are beside the rows that name them by id."""

from __future__ import annotations

from annotations.datasets.policy.snapshot import JudgedPrompt
from annotations.datasets.policy.texts import texts_of
from tests.support.snapshots import prompt, response


def test_the_prompt_and_the_named_responses_come_with_their_ids() -> None:
    responses = {name: response(name) for name in "abc"}
    judged = JudgedPrompt(prompt(topics=["sleep", "calm"]), responses, [])
    records = [one.record for one in texts_of(judged, {"c", "a"}) if one.record]
    assert [(r["kind"], r["prompt_id"], r["response_id"]) for r in records] == [
        ("prompt", "p", ""),
        ("response", "p", "a"),
        ("response", "p", "c"),
    ]
    assert records[1]["messages"] == [{"role": "assistant", "content": "Text of a"}]
    assert records[1]["topics"] == ["calm", "sleep"]
    assert len({record["record_id"] for record in records}) == 3
    assert len({tuple(record) for record in records}) == 1


def test_a_text_that_may_hold_personal_data_or_is_withdrawn_is_left_out() -> None:
    responses = {"a": response("a", withdrawn=True), "b": response("b", uncleared=True)}
    judged = JudgedPrompt(prompt(uncleared=True), responses, [])
    assert [*texts_of(judged, {"a", "b"})] == [
        (None, "uncleared_text"),
        (None, "response_withdrawn"),
        (None, "uncleared_text"),
    ]
