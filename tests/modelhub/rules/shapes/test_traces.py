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
    (
        "an observation of an export to files",
        {
            "id": "o-1",
            "trace_id": "t",
            "start_time": "2026-11-02 08:00:00.000000",
            "input": ASKED,
            "output": ANSWER,
            "provided_model_name": "m-1",
        },
        {"text": "Since when?", "model": "m-1"},
    ),
    (
        "an item of a data set of the API",
        {"id": "o-1", "source_trace_id": None, "input": "I feel low", "expected_output": "Why?"},
        {"text": "Why?"},
    ),
    (
        "an observed function",
        {
            "id": "o-1",
            "traceId": "t",
            "input": {"args": ["I feel low"], "kwargs": {}},
            "output": "Since when?",
        },
        {"text": "Since when?"},
    ),
    (
        "messages of LangChain",
        {
            "id": "o-1",
            "traceId": "t",
            "input": {"messages": [{"type": "human", "content": "I feel low"}]},
            "output": {"messages": [{"type": "ai", "content": "Since when?", "tool_calls": []}]},
        },
        {"text": "Since when?"},
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
RECORD = {"eventName": "gen_ai.client.inference.operation.details", "spanId": "s-1"}
SPANS = [
    {"spanId": "s-1", "attributes": ATTRIBUTES},
    {"span_id": "s-1", "attributes": AS_TEXT},
    {"id": "s-1", **AS_TEXT},
    {"SpanId": "s-1", "SpanAttributes": json.dumps(AS_TEXT)},
    OTLP,
    OTLP["resourceSpans"][0],
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [RECORD | {"attributes": KEYS}]}]}]},
    RECORD | {"attributes": [], "body": {"kvlistValue": {"values": KEYS}}},
    {"spanId": "s-1", "attributes": [], "events": [{"name": "details", "attributes": KEYS}]},
]


@pytest.mark.parametrize(
    "row",
    SPANS,
    ids=[
        *("object", "text", "columns", "clickhouse", "otlp", "part of otlp"),
        *("log record", "body of a record", "event of a span"),
    ],
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


ONE_BY_ONE = {
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be kind.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "I feel low",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "Since when?",
    "gen_ai.completion.1.role": "assistant",
    "gen_ai.completion.1.content": "I hear you.",
}
OPEN_INFERENCE = {
    name.replace("gen_ai.prompt", "llm.input_messages")
    .replace("gen_ai.completion", "llm.output_messages")
    .replace(".role", ".message.role")
    .replace(".content", ".message.content"): value
    for name, value in ONE_BY_ONE.items()
}


@pytest.mark.parametrize("attributes", [ONE_BY_ONE, OPEN_INFERENCE])
def test_turns_with_an_attribute_each_are_a_conversation(attributes: dict[str, str]) -> None:
    rows = prepared([(1, {"span_id": "s-1", "attributes": attributes})])
    assert rows.shape == "otel"
    ((_line, found),) = rows.rows
    assert found["prompt"] == PROMPT
    assert [one["text"] for one in found["responses"]] == ["Since when?", "I hear you."]


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
