"""Files of whole conversations: OpenAI's `messages`, ShareGPT, and prompt with completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.raw_rows import BadRow
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
)
from modelhub.rules.shapes.transcripts import spoken
from modelhub.rules.shapes.turns import Turn, are_turns, heard, turns_of
from modelhub.rules.shapes.values import absent, filled, parsed, text_of

SHAREGPT = ("conversations", "conversation")
MESSAGES = ("messages",)
TALKS = (
    "dialog", "dialogue", "dialogs", "turns", "items", "chat", "chat_history", "transcript",
    "conversation_history", "contents", "history",
)  # fmt: skip
"""Other names of a column with a conversation."""
REPLIES = ("response", "reply", "answer", "completion", "output")
"""Columns with a reply, or a list of them, beside a conversation."""


def _messages(row: Row, work: Work) -> list[dict[str, Any]]:
    return [_talk(row, work, MESSAGES)]


def _sharegpt(row: Row, work: Work) -> list[dict[str, Any]]:
    return [_talk(row, work, SHAREGPT)]


def _other_talk(row: Row, work: Work) -> list[dict[str, Any]]:
    return [_talk(row, work, TALKS)]


def talks_in(columns: Sequence[str]) -> RowsOf:
    """Return how to read rows with a conversation in one of these columns."""
    return lambda row, work: [_talk(row, work, columns)]


def _talk(row: Row, work: Work, columns: Sequence[str]) -> dict[str, Any]:
    talk, model = work.talk(filled(row, columns)), text_of(filled(row, MODELS))
    more = parsed(filled(row, REPLIES))
    listed = more if isinstance(more, list | tuple) else [more]
    replies = [
        reply(text, model=model) if isinstance(text, str) else text
        for text in (talk.reply, *listed)
        if not absent(text)
    ]
    return row_of(talk.prompt, replies, external_id=id_of(row))


def _has(*names: str) -> Any:
    def fits(columns: frozenset[str], first: Sequence[Row]) -> bool:
        here = [name for name in names if name in columns]
        return any(are_turns(row.get(name)) for row in first for name in here)

    return fits


def _completion(row: Row, work: Work) -> list[dict[str, Any]]:
    completion = parsed(row.get("completion"))
    prompt: Any = spoken(row.get("prompt"))
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
    prompt: Any = "\n\n".join(part for part in parts if part)
    if before := _before(row.get("history")):
        prompt = [*before, {"role": "user", "content": prompt}]
    text = row.get("output")
    replies = [] if absent(text) else [reply(text, model=text_of(filled(row, MODELS)))]
    return [row_of(prompt, replies, external_id=id_of(row))]


def _before(history: Any) -> list[Turn]:
    """Return the turns before an instruction, from pairs of instruction and output."""
    pairs = parsed(history)
    if absent(pairs):
        return []
    if not isinstance(pairs, list | tuple) or any(
        not isinstance(pair, list | tuple) or len(pair) != 2 for pair in pairs
    ):
        raise BadRow(_("history is not a list of pairs of instruction and output."))
    return [
        {"role": role, "content": text_of(said)}
        for pair in pairs
        for role, said in zip(("user", "assistant"), pair, strict=True)
    ]


def _is_alpaca(columns: frozenset[str], first: Sequence[Row]) -> bool:
    texts = all(not isinstance(row.get("instruction"), Mapping) for row in first)
    return {"instruction", "output"} <= columns and "prompt" not in columns and texts


OPENAI = Shape(
    "messages",
    gettext_lazy("OpenAI messages"),
    _has(*MESSAGES),
    _messages,
    used=frozenset({*MESSAGES, *REPLIES, *MODELS, *IDS}),
)
SHARE_GPT = Shape(
    "sharegpt",
    gettext_lazy("ShareGPT"),
    _has(*SHAREGPT),
    _sharegpt,
    used=frozenset({*SHAREGPT, *REPLIES, *MODELS, *IDS}),
)
COMPLETION = Shape(
    "completion",
    gettext_lazy("Prompt and completion"),
    _is_completion,
    _completion,
    used=frozenset({"prompt", "completion", *MODELS, *IDS}),
)
ALPACA = Shape(
    "alpaca",
    gettext_lazy("Instruction, input and output"),
    _is_alpaca,
    _alpaca,
    used=frozenset({"instruction", "input", "output", "history", *MODELS, *IDS}),
)
CONVERSATIONS = Shape(
    "conversations",
    gettext_lazy("Conversations"),
    _has(*TALKS),
    _other_talk,
    used=frozenset({*TALKS, *REPLIES, *MODELS, *IDS}),
)
