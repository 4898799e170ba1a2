"""Thoughts of all models are hidden from people who judge, whatever their marks are."""

from __future__ import annotations

import pytest

from annotations.rules.model_markup import readable
from modelhub.rules.imports import ImportRow
from modelhub.rules.row_reading import rows_of
from modelhub.rules.thoughts import with_think_tags

FORMS = [
    "<|channel|>analysis<|message|>They are sad.<|end|>"
    "<|start|>assistant<|channel|>final<|message|>That is hard.<|return|>",
    "<|start|>assistant<|channel|>analysis<|message|>They are sad."
    "<|start|>assistant<|channel|>final<|message|>That is hard.",
    "<|channel>thought\nThey are sad.<channel|>That is hard.<turn|>",
    "<unused94>thought\nThey are sad.<unused95>That is hard.",
    "[THINK]They are sad.[/THINK]That is hard.</s>",
    "<seed:think>They are sad.</seed:think>That is hard.<seed:eos>",
    "<|START_THINKING|>They are sad.<|END_THINKING|>"
    "<|START_RESPONSE|>That is hard.<|END_RESPONSE|>",
    "◁think▷They are sad.◁/think▷That is hard.",
    "<|begin_of_thought|>They are sad.<|end_of_thought|>\n\n<|begin_of_solution|>That is hard."
    "<|end_of_solution|>",
    "<think>They are sad.</think>\n<answer>That is hard.</answer>",
]


@pytest.mark.parametrize("text", FORMS)
def test_a_thought_is_kept_hidden_and_counted(text: str) -> None:
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": text}]
    rows = rows_of([{"prompt": [*talk, talk[0]], "responses": [text]}])
    (row,) = (row for _line, row in rows if isinstance(row, ImportRow))
    for said in (row.responses[0].text, row.prompt.messages[1]["content"]):
        assert said == "<think>They are sad.</think>\n\nThat is hard."
        assert readable(said).text == "That is hard."
    assert rows.about["counts"]["thoughts"] == 2


@pytest.mark.parametrize(
    "text",
    [
        "<think>They are sad.</think>That is hard.",
        "People write [THINK] around thoughts.",
        "[Takes a breath] That is hard.",
        "<b>That</b> is hard.",
        "◁ That is hard.",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert with_think_tags(text) == text


def test_a_channel_without_a_thought_is_its_text_alone() -> None:
    assert with_think_tags("<|channel|>final<|message|>That is hard.") == "That is hard."


def test_a_thought_that_was_cut_off_is_no_answer() -> None:
    assert readable(with_think_tags("[THINK]They are")).text == ""


def test_spans_keep_their_text() -> None:
    response = {"text": "[THINK]No.[/THINK]Yes.", "spans": [{"start": 0, "end": 3, "label": "x"}]}
    ((_line, row),) = rows_of([{"prompt": "Hi", "responses": [response], "intensity": 1}])
    assert "Yes." in row.responses[0].text
