"""A rubric with every kind of question, one that depends on another, and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annotations.models import Round, Rubric
from annotations.rules.states import Ask
from annotations.services import rounds, rubrics
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Cohort, Study
from tests.factories.annotations import add_task
from tests.support.rubric_rounds import round_with

WORDS = {str(score): f"{score} of 5" for score in range(1, 6)}
LIKERT = {"kind": "likert", "min": 1, "max": 5, "anchors": WORDS, "unsure": True}
CRITERIA: list[dict[str, Any]] = [
    {"key": "heard", "title": "Heard", "help": "Was it heard?", "scale": LIKERT},
    {"key": "advice", "title": "Advice", "help": "Is it advice?", "scale": {"kind": "yes_no"}},
    {
        "key": "risk",
        "title": "Risk",
        "help": "How risky is the advice?",
        "scale": LIKERT | {"unsure": False},
        "only_if": {"criterion": "advice", "scores": [1]},
    },
    {
        "key": "asks",
        "title": "Asks",
        "help": "Asks what is missing.",
        "scale": {"kind": "points", "points": 5},
    },
    {
        "key": "blames",
        "title": "Blames",
        "help": "Blames the person.",
        "scale": {"kind": "points", "points": -10},
    },
]
REASONS = [{"key": "warm", "title": "Warmer words"}, {"key": "safe", "title": "Feels safer"}]


def kinds_rubric(study: Study) -> Rubric:
    return rubrics.make_rubric(
        actor=SYSTEM,
        study=study,
        key="kinds",
        title="Every kind",
        language="en",
        criteria=CRITERIA,
        reasons=REASONS,
    )


def kinds_round(
    cohort: Cohort, *, tasks: int = 1, asks: Sequence[Ask] = (Ask.RATING, Ask.RANKING)
) -> Round:
    """An open round with that rubric."""
    round = round_with(cohort, kinds_rubric(cohort.study), asks)
    for _ in range(tasks):
        add_task(round)
    return rounds.open_round(actor=SYSTEM, round=round)
