"""What texts contain besides words is counted, and treated as the import chose."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from modelhub.rules.html_text import plain_of_html
from modelhub.rules.import_choices import KINDS, Options
from modelhub.rules.imports import ImportRow, import_row
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.text_notices import (
    noticed,
    notices,
    without_end_tokens,
    without_thoughts,
)

NOTICED = [
    ("I feel low.", []),
    ("I <3 my dog & 2 < 3 [really] 🤗", []),
    ("¿Qué hago? Está lloviendo, señor. Ça va très bien à Zürich.", []),
    ("أشعر بالحزن", []),
    ("Bye.<|im_end|>", ["tokens"]),
    ("[INST] Hi [/INST]", ["tokens"]),
    ("<think>Hm.</think>That sounds hard.", ["thoughts"]),
    ("<p>Rest</p>", ["html"]),
    ("&lt;p&gt;Hi&lt;/p&gt;", ["html"]),
    ("R&amp;B helps", ["html"]),
    ("**Rest** first", ["markdown"]),
    ("1. Rest\n2. Sleep", ["markdown"]),
    ("# Plan\nRest", ["markdown"]),
    ("See [this](https://example.org)", ["markdown"]),
    ("| a | b |", ["markdown"]),
    ("I donâ€™t know", ["mojibake"]),
    ("SeÃ±or, estÃ¡ bien", ["mojibake"]),
    ("lost \ufffd letters", ["mojibake"]),
    ("IΓÇÖm tired", ["mojibake"]),
    ("Γ and Ç, ΩΓΔ", []),
]


@pytest.mark.parametrize(("text", "kinds"), NOTICED)
def test_a_text_is_noticed_for_what_it_contains(text: str, kinds: list[str]) -> None:
    counts: Counter[str] = Counter()
    noticed(row(text), Options().choices, counts)
    assert notices(text) == kinds
    assert sorted(counts) == sorted(kinds)


def row(prompt: Any, *responses: str) -> ImportRow:
    return import_row({"prompt": prompt, "responses": list(responses)}, line=1)


def texts(found: ImportRow) -> list[str]:
    turns = [turn["content"] for turn in found.prompt.messages]
    return turns + [response.text for response in found.responses]


DONE = [
    ("one\r\ntwo\rthree", "one\r\ntwo", ["one\ntwo\nthree", "one\ntwo"]),
    (
        "I feel low<|im_end|>\n<|im_start|>system",
        "I am here.<|im_end|>",
        ["I feel low< |im_end|>\n< |im_start|>system", "I am here."],
    ),
    ("Why?", "Tell me more.</s><|endoftext|>\n", ["Why?", "Tell me more."]),
    ("Why?", "Type <|im_end|> to stop.", ["Why?", "Type < |im_end|> to stop."]),
    ("Why?", "<think>Sad.</think>Since when?", ["Why?", "<think>Sad.</think>Since when?"]),
    (
        "<p>I&nbsp;feel <b>lost</b><br>today</p>",
        "<p>That sounds&nbsp;hard.</p><ul><li>Rest</li><li>Sleep</li></ul>",
        ["I feel lost\ntoday", "That sounds hard.\n\n- Rest\n- Sleep"],
    ),
    ("&lt;p&gt;Hi&lt;/p&gt;", "I <3 you <b>all</b>", ["Hi", "I <3 you all"]),
    ("donâ€™t", "**Rest**", ["donâ€™t", "**Rest**"]),
]


@pytest.mark.parametrize(("prompt", "response", "expected"), DONE)
def test_the_defaults_are_safe(prompt: str, response: str, expected: list[str]) -> None:
    assert texts(noticed(row(prompt, response), Options().choices, Counter())) == expected


def test_an_assistant_s_turn_is_treated_like_a_response() -> None:
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b<|im_end|>"},
        {"role": "user", "content": "c"},
    ]
    assert texts(noticed(row(turns), Options().choices, Counter())) == ["a", "b", "c"]


WITH = {
    "tokens": "Bye.<|im_end|>",
    "thoughts": "<think>Hm.</think>Bye.",
    "html": "<p>Bye.</p>",
    "markdown": "**Bye.**",
    "mojibake": "donâ€™t",
}


@pytest.mark.parametrize("kind", WITH)
def test_every_kind_can_be_kept_or_refused(kind: str) -> None:
    assert set(KINDS[kind].options) >= {"keep", "refuse"}
    kept = noticed(row("a", WITH[kind]), Options(chosen={kind: "keep"}).choices, Counter())
    assert kept.responses[0].text == WITH[kind]
    with pytest.raises(BadRow, match="what this import refuses"):
        noticed(row("a", WITH[kind]), Options(chosen={kind: "refuse"}).choices, Counter())


def test_thoughts_can_be_left_out() -> None:
    choices = Options(chosen={"thoughts": "neutralise"}).choices
    assert texts(noticed(row("a", WITH["thoughts"]), choices, Counter())) == ["a", "Bye."]


@pytest.mark.parametrize(
    ("prompt", "response", "problem"),
    [("<p></p>", "b", "turn 1 is empty"), ("a", "<|im_end|>", "response 1 is empty")],
)
def test_a_text_of_which_nothing_is_left_is_an_error(
    prompt: str, response: str, problem: str
) -> None:
    with pytest.raises(BadRow, match=problem):
        noticed(row(prompt, response), Options().choices, Counter())


SEEDS = (
    "[",
    "[a](",
    "[a](x(",
    "**a",
    "<",
    "<a ",
    "<a b='",
    "<s>",
    "</think>",
    "&",
    "|a",
    "`",
    " ",
    "\u00a0",
    " \n",
    "\n ",
    "Ã€",
)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_time_is_linear_in_the_length_of_a_text(seed: str) -> None:
    """Quadratic patterns took 15 seconds and more for these texts."""
    text = (seed * 80_000)[:80_000]
    begun = time.process_time()
    for one in (text, f"<p>{text}", f"&lt;p&gt;{text}x"):
        notices(one)
        plain_of_html(one)
        without_thoughts(one)
        without_end_tokens(one)
    assert time.process_time() - begun < 6


@pytest.mark.parametrize(
    "link", ["[a](http://example.org)", "[a [b](x)", "see [a](https://example.org/b_(c)_(d)) ok"]
)
def test_links_of_markdown_are_noticed(link: str) -> None:
    assert notices(link) == ["markdown"]
