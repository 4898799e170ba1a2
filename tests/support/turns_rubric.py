"""A rubric that also asks about the earlier replies of a conversation, with labels of its own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from annotations.models import Assignment, Round, Rubric
from annotations.rules.states import Ask
from annotations.services import rounds, rubrics
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Study
from tests.factories.annotations import PromptFactory, ResponseFactory
from tests.support.rubric_rounds import round_with

TONES = {"1": "Warm", "2": "Neutral", "3": "Cold", "4": "Mixed"}
WORDS = {str(score): f"{score} of 5" for score in range(1, 6)}
CRITERIA: list[dict[str, Any]] = [
    {
        "key": "tone",
        "title": "Tone",
        "help": "What is its tone?",
        "scale": {"kind": "category", "min": 1, "max": 4, "anchors": TONES, "unsure": True},
        "turns": True,
    },
    {
        "key": "harm",
        "title": "Harm",
        "help": "Could it do harm?",
        "scale": {"kind": "yes_no"},
        "turns": True,
    },
    {
        "key": "worst",
        "title": "How bad",
        "help": "How much harm?",
        "scale": {"kind": "likert", "min": 1, "max": 5, "anchors": WORDS},
        "only_if": {"criterion": "harm", "scores": [1]},
        "turns": True,
    },
    {
        "key": "heard",
        "title": "Heard",
        "help": "Would you feel heard?",
        "scale": {"kind": "likert", "min": 1, "max": 5, "anchors": WORDS},
    },
]
LABELS = [{"key": "too_fast", "title": "Too fast"}, {"key": "gentle", "title": "Gentle"}]
TALK = [
    {"role": "system", "content": "You are kind."},
    {"role": "user", "content": "I called in sick again."},
    {"role": "assistant", "content": "I am sorry. What is hardest about it?"},
    {"role": "user", "content": "That I cannot explain it."},
    {"role": "assistant", "content": "Just tell them the **truth**."},
    {"role": "user", "content": "And if they laugh?"},
]
"""A conversation with two earlier replies."""


def turns_rubric(study: Study) -> Rubric:
    return rubrics.make_rubric(
        actor=SYSTEM,
        study=study,
        key="turns",
        title="Each turn",
        language="en",
        criteria=CRITERIA,
        labels=LABELS,
    )


def turns_round(
    cohort: Cohort,
    *talks: Sequence[dict[str, str]],
    asks: Sequence[Ask] = (Ask.RATING, Ask.RANKING, Ask.HIGHLIGHT),
) -> Round:
    """An open round with that rubric, on these conversations."""
    round = round_with(cohort, turns_rubric(cohort.study), asks)
    for talk in talks or [TALK]:
        prompt = PromptFactory.create(study=cohort.study, messages=list(talk))
        texts = ("That sounds hard. We can find words.", "Nobody laughs at this.")
        replies = [
            ResponseFactory.create(prompt=prompt, source=uuid.uuid4(), text=text) for text in texts
        ]
        rounds.add_tasks(actor=SYSTEM, round=round, items=[(prompt, replies)])
    return rounds.open_round(actor=SYSTEM, round=round)


REPLIES = {"tone": 1, "harm": 0, "heard": 4}
EARLIER = {1: {"tone": 2, "harm": 0}, 2: {"tone": 99, "harm": 1, "worst": 3}}
"""Scores of each reply, and of the two earlier ones."""


def turn_scores(scores: dict[int, dict[str, int]]) -> list[dict[str, Any]]:
    return [
        {"turn": turn, "criterion": key, "score": score}
        for turn, by_criterion in scores.items()
        for key, score in by_criterion.items()
    ]


def judged_turns(held: Assignment, **changes: Any) -> dict[str, Any]:
    """A complete submission with every score, `changes` on top."""
    first, second = map(str, held.order_shown)
    ratings = [
        {"response": id, "criterion": key, "score": score}
        for id in (first, second)
        for key, score in REPLIES.items()
    ]
    whole = {
        "ratings": ratings,
        "turn_ratings": turn_scores(EARLIER),
        "ranking": [[first], [second]],
    }
    return whole | changes


def inputs_of_turns() -> dict[str, str]:
    """The same submission as fields of the page."""
    inputs = {f"rating-{letter}-{key}": str(n) for letter in "AB" for key, n in REPLIES.items()}
    for turn, scores in EARLIER.items():
        inputs |= {f"turn-{turn}-{key}": str(score) for key, score in scores.items()}
    return inputs | {"comparison": "A2", "do": "send", "key": "one"}
