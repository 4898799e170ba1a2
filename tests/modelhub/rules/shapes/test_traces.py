"""Traces of Langfuse and OpenTelemetry bring conversations with their replies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.raw_rows import prepared

ASKED = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "I feel low"}]
PROMPT = [{"role": "user", "content": "I feel low"}]
ANSWER = {"role": "assistant", "content": "Since when?"}
LANGFUSE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "a row of the table of observations",
        {"id": "o-1", "traceId": "t", "input": ASKED, "output": ANSWER, "model": "m-1"},
        {"text": "Since when?", "model": "m-1"},
    ),
    (
        "cells of CSV",
        {"id": "o-1", "traceId": "t", "input": json.dumps(ASKED), "output": json.dumps(ANSWER)},
        {"text": "Since when?"},
    ),
    (
        "an input with messages and choices",
        {
            "id": "o-1",
            "sessionId": "s",
            "input": {"messages": ASKED, "temperature": 1},
            "output": {"choices": [{"index": 0, "message": ANSWER}]},
        },
        {"text": "Since when?"},
    ),
    (
        "texts",
        {"id": "o-1", "timestamp": "x", "input": "I feel low", "output": "Since when?"},
        {"text": "Since when?"},
    ),
    (
        "an item of a data set",
        {"id": "o-1", "input": {"question": "I feel low"}, "expectedOutput": "Since when?"},
        {"text": "Since when?"},
    ),
    (
        "a trace with observations",
        {
            "trace": {"id": "o-1", "input": None, "output": None},
            "observations": [
                {"type": "SPAN", "input": {"tool": 1}, "output": {}},
                {"type": "GENERATION", "input": ASKED, "output": ANSWER, "model": "m-1"},
            ],
            "scores": [],
        },
        {"text": "Since when?", "model": "m-1"},
    ),
]


@pytest.mark.parametrize(("what", "row", "reply"), LANGFUSE)
def test_a_row_of_langfuse_is_a_conversation(
    what: str, row: dict[str, Any], reply: dict[str, Any]
) -> None:
    result = prepared([(1, row)])
    assert result.shape == "langfuse", what
    assert [one for _line, one in result.rows] == [
        {"prompt": PROMPT, "responses": [reply], "external_id": "o-1"}
    ], what


def test_a_trace_without_a_conversation_is_counted() -> None:
    result = prepared([(1, {"traceId": "t", "input": {"tool": 1}, "output": [1, 2]})])
    assert result.rows == []
    assert result.counts["no_conversation"] == 1


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


THOUGHT = {"type": "reasoning", "content": "They are sad."}
OUTPUT = [
    {"role": "assistant", "parts": [THOUGHT, {"type": "text", "content": "Since when?"}]},
    message("assistant", "I hear you."),
]
ATTRIBUTES = {
    "gen_ai.input.messages": [message("user", "I feel low")],
    "gen_ai.output.messages": OUTPUT,
    "gen_ai.system_instructions": [{"type": "text", "content": "Be kind."}],
    "gen_ai.request.model": "m",
    "gen_ai.response.model": "m-2",
}
AS_TEXT = {
    name: value if isinstance(value, str) else json.dumps(value)
    for name, value in ATTRIBUTES.items()
}
KEYS = [{"key": name, "value": {"stringValue": value}} for name, value in AS_TEXT.items()]
OTLP: dict[str, Any] = {
    "resourceSpans": [
        {"scopeSpans": [{"spans": [{"spanId": "p"}, {"spanId": "s-1", "attributes": KEYS}]}]}
    ]
}
SPANS = [
    {"spanId": "s-1", "attributes": ATTRIBUTES},
    {"span_id": "s-1", "attributes": AS_TEXT},
    {"id": "s-1", **AS_TEXT},
    {"SpanId": "s-1", "SpanAttributes": json.dumps(AS_TEXT)},
    OTLP,
    OTLP["resourceSpans"][0],
]


@pytest.mark.parametrize(
    "row", SPANS, ids=["object", "text", "columns", "clickhouse", "otlp", "part of otlp"]
)
def test_a_span_is_a_conversation_with_a_response_for_each_output(row: dict[str, Any]) -> None:
    result = prepared([(1, row)])
    assert result.shape == "otel"
    assert [one for _line, one in result.rows] == [
        {
            "prompt": PROMPT,
            "responses": [
                {"text": "Since when?", "model": "m-2"},
                {"text": "I hear you.", "model": "m-2"},
            ],
            "external_id": "s-1",
        }
    ]
    assert result.counts["system"] == 1


def test_values_of_otlp_may_be_structured() -> None:
    def structured(value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            pairs = [{"key": name, "value": structured(one)} for name, one in value.items()]
            return {"kvlistValue": {"values": pairs}}
        if isinstance(value, list):
            return {"arrayValue": {"values": [structured(one) for one in value]}}
        return {"stringValue": value}

    keys = [{"key": name, "value": structured(value)} for name, value in ATTRIBUTES.items()]
    ((_line, row),) = prepared([(1, {"spanId": "s", "attributes": keys})]).rows
    assert [one["text"] for one in row["responses"]] == ["Since when?", "I hear you."]
