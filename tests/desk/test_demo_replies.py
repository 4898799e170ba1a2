"""The example replies of the demo study: by people, short, plain, and different."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import pytest

from codesign.consent.rules import reading_grade, words_of
from tests.support.demo_content import PROMPTS, shingles

ANSWERED = [prompt for prompt in PROMPTS if "responses" in prompt]
"""Prompts with example replies."""


def test_twelve_light_prompts_of_every_category_have_two_replies_by_people() -> None:
    assert Counter(p["category"] for p in ANSWERED) == {
        "education": 4,
        "assessment": 4,
        "intervention": 4,
    }
    assert not any(p["held_out"] or p["intensity"] == 3 for p in ANSWERED)
    for prompt in ANSWERED:
        assert [set(reply) for reply in prompt["responses"]] == [{"text", "origin"}] * 2
        assert {reply["origin"] for reply in prompt["responses"]} == {"human"}


@pytest.mark.parametrize(
    "reply",
    [reply["text"] for prompt in ANSWERED for reply in prompt["responses"]],
    ids=lambda text: text[:20],
)
def test_an_example_reply_is_short_plain_and_leaves_the_choice(reply: str) -> None:
    assert 80 <= len(words_of(reply)) <= 110
    assert reading_grade([reply]) <= 8
    assert not re.search(r"\d", reply)
    orders = (
        r"\b(you (must|have to|should)|diagnos\w*|stop taking|calm down|at least|just \w+ it)\b"
    )
    assert not re.search(orders, reply, re.IGNORECASE)


def test_example_replies_differ() -> None:
    texts = [reply["text"] for prompt in ANSWERED for reply in prompt["responses"]]
    for one, two in itertools.combinations(map(shingles, texts), 2):
        assert len(one & two) / len(one | two) < 0.05
