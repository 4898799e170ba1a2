"""Thoughts of models and control tokens: what people who judge read, and where it is."""

from __future__ import annotations

import time

import pytest

from annotations.rules.model_markup import Kind, pieces, readable, without_tokens

CASES = [
    ("Plain words.", "Plain words."),
    ("<think>First a plan.\nThen more.</think>\n\nHello.", "Hello."),
    ("<THINKING>Plan</THINKING>Hello.", "Hello."),
    ("First a plan. </think>\nHello.", "Hello."),  # the template put the beginning into the prompt
    ("<think>An answer that was cut off", ""),
    ("One. <think>Again.</think> Two.", "One. Two."),
    ("People write <think> around thoughts.", "People write <think> around thoughts."),
    ("<|im_start|>assistant\nHello.<|im_end|>", "Hello."),
    ("<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>", "Hello."),
    ("<start_of_turn>model\nHello.<end_of_turn>", "Hello."),
    ("<s>[INST] Why? [/INST] Because.</s>", "Why?  Because."),
    ("<<SYS>>Be kind.<</SYS>> Hello.", "Be kind. Hello."),
    ("<｜Assistant｜>Hello.<｜end▁of▁sentence｜>", "Hello."),
    ("<|im_start|><think>Plan</think>Hello 🙂 e\u0301.", "Hello 🙂 e\u0301."),
    ("<|turn>model\nHello.<turn|>", "model\nHello."),
    ("[|assistant|]Hello.[|endofturn|]", "Hello."),
    ("<seed:bos>Hello.<seed:eos>", "Hello."),
    ("I <3 you [sic] and 1 < 2 > 0.", "I <3 you [sic] and 1 < 2 > 0."),
    ("<b>Bold</b> and [a link](x)", "<b>Bold</b> and [a link](x)"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_readers_see_neither_thoughts_nor_tokens(text: str, shown: str) -> None:
    assert readable(text).text == shown


@pytest.mark.parametrize("text", [text for text, _shown in CASES])
def test_staff_see_everything_and_what_it_is(text: str) -> None:
    parts = pieces(text)
    assert "".join(part.text for part in parts) == text
    seen = "".join(part.text for part in parts if part.kind is Kind.TEXT)
    assert seen == readable(text).text


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_each_character_is_found_in_the_stored_text(text: str, shown: str) -> None:
    told = readable(text)
    for place, character in enumerate(shown):
        start, end = told.in_source(place, place + 1)
        assert text[start:end] == character
        assert told.in_text(start, end) == (place, place + 1)


def test_a_passage_around_something_hidden_keeps_it_in_the_stored_text() -> None:
    text = "One <think>no</think>two."
    told = readable(text)
    start, end = told.in_source(0, len("One two"))
    assert text[start:end] == "One <think>no</think>two"
    assert told.in_text(start, end) == (0, len("One two"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I <think> so.</think> Yes.", "I <think> so.</think> Yes."),
        ("<|im_start|>user\nI am tired.<|im_end|>", "\nI am tired."),
        ("No markup.", "No markup."),
    ],
)
def test_of_a_person_only_tokens_are_left_out(text: str, shown: str) -> None:
    assert without_tokens(text) == shown


@pytest.mark.parametrize(
    "text",
    ["<think>" * 9_000, "</think>" * 9_000, "<|a|>" * 9_000 + "</think>" * 9_000, "<|" * 30_000],
)
def test_long_texts_take_linear_time(text: str) -> None:
    begun = time.perf_counter()
    readable(text)
    assert time.perf_counter() - begun < 2
