"""How well ties are told on a labelled set of our own, and that greetings tie no dialogues."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from annotations.models import Prompt
from annotations.rules import minhash
from annotations.rules.prompts import PromptRow
from annotations.services import prompts as services
from benchmarks.similar import (
    BANDS,
    Talk,
    dialogues,
    grouped,
    hard_pairs,
    measured,
    pairs,
    questions,
    tied_pair,
)
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from tests.factories.studies import StudyFactory

LEAST = {(3, 7): 0.5, (8, 14): 0.95, (15, 25): 0.98, (26, 40): 0.98, (41, 60): 0.98}
"""Recall by words of the longer text; below eight, a changed word makes another question."""


def test_texts_with_one_small_change_are_tied_and_other_questions_are_not() -> None:
    """Of prompts of at most 25 words with one word changed none was tied (0 of 18)."""
    results = [(pair, tied_pair(pair)) for pair in pairs()]
    assert len(results) > 300
    for band, seen in measured(results).items():
        right, wrong = seen["tied_hit"], seen["apart_hit"]
        assert right / (right + seen["tied"]) >= LEAST[band], band
        assert wrong / (wrong + seen["apart"]) <= 0.02, band
    words = Counter(pair.kind for pair, hit in results if pair.tied and not hit)
    assert set(words) <= {"word changed", "word added", "word left out"}
    assert set(measured(results)) == set(BANDS)


def test_one_changed_word_of_a_long_text_is_a_near_duplicate() -> None:
    """A known limit: form does not tell whether it is the word that matters."""
    assert all(map(tied_pair, hard_pairs()))


@pytest.mark.parametrize(("talks", "mixed"), [(list(dialogues()), 35), (list(questions()), 0)])
def test_greetings_and_stock_replies_join_almost_nothing(talks: list[Talk], mixed: int) -> None:
    """112 of 196 public dialogues were one group, through “hi”, “ok” and “bye”."""
    grouping = grouped(talks, beginning=minhash.BEGINNING_WORDS, reply=minhash.REPLY_WORDS)
    assert grouping.mixed <= mixed
    assert grouping.largest <= 8
    assert grouping.together >= 0.7 * grouping.of_one_source


@pytest.mark.django_db
@pytest.mark.parametrize(
    "template",
    [
        "What is {}?",
        "Please tell me what I can do when a person whom I love lives with {} at home",
        "{} keeps me awake every night and I do not know whom to ask for help with it",
    ],
)
def test_many_prompts_of_a_short_template_are_grouped_without_comparing_all_pairs(
    template: str,
) -> None:
    """All pairs of 20,000 are two hundred million."""
    study: Study = StudyFactory.create()
    rows = [
        PromptRow(
            messages=[
                {"role": "user", "content": template.format(f"{n * 7919:x}".translate(SPELT))}
            ],
            external_id=f"p{n}",
            line=n,
        )
        for n in range(20_000)
    ]
    began = time.process_time()
    services.add_prompts(actor=SYSTEM, study=study, rows=rows)
    assert time.process_time() - began < 60
    groups = Prompt.objects.filter(study=study).values("split_group").distinct().count()
    assert groups == 1 if template[:4] != "What" else groups > 1


SPELT = str.maketrans("0123456789abcdef", "bdfghjklmnpqrstv")
