"""An assignment as the API and the page show it, as types, and its rubric."""

from __future__ import annotations

from typing import Any, TypedDict

from annotations.queries.rubrics import RubricWords
from annotations.rules.scales import UNSURE


class ShownPrompt(TypedDict):
    """A prompt, without system messages."""

    id: str
    messages: list[dict[str, str]]
    category: str
    topics: list[str]
    intensity: int
    language: str


class ShownResponse(TypedDict):
    """A response under its neutral label; its text without a model's thoughts and tokens."""

    id: str
    label: str
    text: str


class ShownScale(TypedDict):
    """A scale with the words for its scores. `unsure` is the score of “not sure”, if it has one."""

    kind: str
    min: int
    max: int
    anchors: dict[str, str]
    unsure: int | None
    points: int | None


class ShownCondition(TypedDict):
    """The earlier question about the same reply, and the scores after which this one is asked."""

    criterion: str
    scores: list[int]


class ShownCriterion(TypedDict):
    """One question. With `only_if`, it is asked only after these answers."""

    key: str
    title: str
    question: str
    scale: ShownScale
    only_if: ShownCondition | None


class ShownReason(TypedDict):
    """A reason that can be chosen as “why”."""

    key: str
    title: str


class ShownRubric(TypedDict):
    """The rubric at the time of the lease."""

    id: str
    version: int
    title: str
    criteria: list[ShownCriterion]
    reasons: list[ShownReason]


class ShownPay(TypedDict):
    """The pay for the assignment."""

    amount_minor: int
    currency: str


class ShownAssignment(TypedDict):
    """An assignment as the API and the page show it. Nothing in it identifies a model."""

    id: str
    study: str
    state: str
    expires_at: str
    prompt: ShownPrompt
    responses: list[ShownResponse]
    rubric: ShownRubric
    asks: list[str]
    pay: ShownPay
    covered: bool
    draft: dict[str, Any] | None


def shown_rubric(words: RubricWords) -> ShownRubric:
    """Return a rubric as the people who judge see it."""
    return {
        "id": str(words.id),
        "version": words.version,
        "title": words.title,
        "criteria": [
            {
                "key": criterion.key,
                "title": criterion.title,
                "question": criterion.question,
                "scale": {
                    "kind": criterion.kind,
                    "min": criterion.scale.minimum,
                    "max": criterion.scale.maximum,
                    "anchors": dict(criterion.anchors),
                    "unsure": UNSURE if criterion.scale.unsure else None,
                    "points": criterion.points,
                },
                "only_if": criterion.only_if
                and {
                    "criterion": criterion.only_if.criterion,
                    "scores": sorted(criterion.only_if.scores),
                },
            }
            for criterion in words.criteria
        ],
        "reasons": [{"key": key, "title": title} for key, title in words.reasons],
    }
