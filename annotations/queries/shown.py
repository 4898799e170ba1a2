"""An assignment as the API and the page show it, as types, and its rubric."""

from __future__ import annotations

from typing import Any, TypedDict

from annotations.models import Prompt
from annotations.queries.rubrics import RubricWords
from annotations.rules.model_markup import readable, without_tokens
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
    """A scale with the words for its scores."""

    kind: str
    min: int
    max: int
    anchors: dict[str, str]


class ShownCondition(TypedDict):
    """The earlier question about the same reply, and the scores after which this one is asked."""

    criterion: str
    scores: list[int]


class ShownCriterion(TypedDict):
    """One question. `unsure` is the score of “not sure”, if it can be given.

    With `only_if`, it is asked only after these answers. With `turns`, it is also asked about each
    earlier reply in the conversation.
    """

    key: str
    title: str
    question: str
    scale: ShownScale
    unsure: int | None
    points: int | None
    only_if: ShownCondition | None
    turns: bool


class ShownWords(TypedDict):
    """A reason that can be chosen as “why”, or a label for marked passages."""

    key: str
    title: str


class ShownRubric(TypedDict):
    """The rubric at the time of the lease. Without `labels`, the standard ones are used."""

    id: str
    version: int
    title: str
    criteria: list[ShownCriterion]
    reasons: list[ShownWords]
    labels: list[ShownWords]


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
    turns: list[int]
    """The earlier replies that are judged too; the first one is 1."""
    asks: list[str]
    pay: ShownPay
    covered: bool
    training: bool
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
                },
                "unsure": UNSURE if criterion.scale.unsure else None,
                "points": criterion.points,
                "only_if": criterion.only_if
                and {
                    "criterion": criterion.only_if.criterion,
                    "scores": sorted(criterion.only_if.scores),
                },
                "turns": criterion.turns,
            }
            for criterion in words.criteria
        ],
        "reasons": [{"key": key, "title": title} for key, title in words.reasons],
        "labels": [{"key": key, "title": title} for key, title in words.labels],
    }


def shown_prompt(prompt: Prompt) -> ShownPrompt:
    """Return a prompt as the people who judge see it, without system messages."""
    return {
        "id": str(prompt.id),
        "messages": [
            {"role": message["role"], "content": _said(message)}
            for message in prompt.messages
            if message["role"] != "system"
        ],
        "category": prompt.category,
        "topics": prompt.topics,
        "intensity": prompt.intensity,
        "language": prompt.language,
    }


def _said(message: dict[str, str]) -> str:
    """Return what people who judge read of a turn."""
    if message["role"] == "assistant":
        return readable(message["content"]).text
    return without_tokens(message["content"])


def label_of(place: int) -> str:
    """Return the label of a place: A, B, …, Z, AA, AB, …."""
    rest, letter = divmod(place, 26)
    return (label_of(rest - 1) if rest else "") + chr(ord("A") + letter)
