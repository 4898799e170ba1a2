"""Files of whole conversations: OpenAI's `messages`, ShareGPT, and prompt with completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from modelhub.rules.shapes.base import (
    IDS,
    MODELS,
    Row,
    RowsOf,
    Shape,
    Work,
    id_of,
    reply,
    row_of,
    row_of_talk,
)
from modelhub.rules.shapes.turns import are_turns, heard, turns_of
from modelhub.rules.shapes.values import absent, filled, parsed, text_of

SHAREGPT = ("conversations", "conversation")
MESSAGES = ("messages",)


def _messages(row: Row, work: Work) -> list[dict[str, Any]]:
    return [_talk(row, work, MESSAGES)]


def _sharegpt(row: Row, work: Work) -> list[dict[str, Any]]:
    return [_talk(row, work, SHAREGPT)]


def talks_in(columns: Sequence[str]) -> RowsOf:
    """Return how to read rows with a conversation in one of these columns."""
    return lambda row, work: [_talk(row, work, columns)]


def _talk(row: Row, work: Work, columns: Sequence[str]) -> dict[str, Any]:
    return row_of_talk(
        work.talk(filled(row, columns)), model=filled(row, MODELS), external_id=id_of(row)
    )


def _has(*names: str) -> Any:
    def fits(columns: frozenset[str], first: Sequence[Row]) -> bool:
        here = [name for name in names if name in columns]
        return any(are_turns(row.get(name)) for row in first for name in here)

    return fits


def _completion(row: Row, work: Work) -> list[dict[str, Any]]:
    completion = parsed(row.get("completion"))
    prompt: Any = parsed(row.get("prompt"))
    if are_turns(prompt):
        prompt = heard(turns_of(prompt), work.choices, work.counts)
    text = turns_of(completion)[-1]["content"] if are_turns(completion) else completion
    model = text_of(filled(row, MODELS))
    replies = [] if absent(text) else [reply(text, model=model)]
    return [row_of(prompt, replies, external_id=id_of(row))]


def _is_completion(columns: frozenset[str], first: Sequence[Row]) -> bool:
    return {"prompt", "completion"} <= columns and "responses" not in columns


def _alpaca(row: Row, work: Work) -> list[dict[str, Any]]:
    parts = [text_of(row.get("instruction")), text_of(row.get("input"))]
    prompt = "\n\n".join(part for part in parts if part)
    text = row.get("output")
    replies = [] if absent(text) else [reply(text, model=text_of(filled(row, MODELS)))]
    return [row_of(prompt, replies, external_id=id_of(row))]


def _is_alpaca(columns: frozenset[str], first: Sequence[Row]) -> bool:
    texts = all(not isinstance(row.get("instruction"), Mapping) for row in first)
    return {"instruction", "output"} <= columns and "prompt" not in columns and texts


OPENAI = Shape(
    "messages",
    _("OpenAI messages"),
    _has(*MESSAGES),
    _messages,
    used=frozenset({*MESSAGES, *MODELS, *IDS}),
)
SHARE_GPT = Shape(
    "sharegpt",
    _("ShareGPT"),
    _has(*SHAREGPT),
    _sharegpt,
    used=frozenset({*SHAREGPT, *MODELS, *IDS}),
)
COMPLETION = Shape(
    "completion",
    _("Prompt and completion"),
    _is_completion,
    _completion,
    used=frozenset({"prompt", "completion", *MODELS, *IDS}),
)
ALPACA = Shape(
    "alpaca",
    _("Instruction, input and output"),
    _is_alpaca,
    _alpaca,
    used=frozenset({"instruction", "input", "output", *MODELS, *IDS}),
)
