"""Conversations in traces: exports of Langfuse, and spans by OpenTelemetry's GenAI conventions.

Langfuse's tables, downloads and data sets keep the conversation in `input` and the reply in
`output` (or `expectedOutput`); its exports to files have the same names in snake case.
OpenTelemetry has `gen_ai.input.messages` and `gen_ai.output.messages`, whose turns have `parts`;
each output message is a response. They are attributes of spans, of events of spans, or of log
records. Older versions and OpenInference have an attribute for each turn (`gen_ai.prompt.0.role`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.base import Row, Shape, Work, reply, row_of
from modelhub.rules.shapes.turns import are_turns, said, turns_of
from modelhub.rules.shapes.values import absent, filled, objects, parsed, text_of

INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
_MODEL = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name")
_ATTRIBUTES = ("attributes", "span_attributes", "SpanAttributes", "LogAttributes", "body")
_LANGFUSE = {"traceId", "sessionId", "observations", "startTime", "expectedOutput", "timestamp"}
_LANGFUSE |= {"trace_id", "session_id", "start_time", "expected_output", "source_trace_id"}
_OUTPUTS = ("output", "expectedOutput", "expected_output")
_LEVELS = ("resourceSpans", "scopeSpans", "spans", "resourceLogs", "scopeLogs", "logRecords")
"""The lists of OTLP, from the outermost one."""
_TURN = re.compile(
    r"(?:gen_ai\.(prompt|completion)|llm\.(input|output)_messages)\.(\d{1,4})\."
    r"(?:message\.)?(role|content)"
)
"""An attribute of one turn, of OpenLLMetry or OpenInference."""
_SPAN_IDS = ("spanId", "span_id", "SpanId", "id")
NO_TALK = "no_conversation"
"""Counts spans and traces that hold no conversation (of tools, searches)."""


def _is_langfuse(columns: frozenset[str], first: Sequence[Row]) -> bool:
    plain = "input" in columns and bool(set(_OUTPUTS) & columns) and bool(_LANGFUSE & columns)
    plain &= "instruction" not in columns  # of which `input` would be a part
    return plain or ("observations" in columns and bool({"trace", "input"} & columns))


def _langfuse(row: Row, work: Work) -> list[dict[str, Any]]:
    whole = parsed(row.get("trace"))
    trace = whole if isinstance(whole, Mapping) else row
    source = _with_talk(
        trace, objects(row.get("observations")) or objects(trace.get("observations"))
    )
    if source is None:
        work.counts[NO_TALK] += 1
        return []
    talk = work.talk(_turns_in(source["input"]))
    texts = [] if talk.reply is None else [talk.reply]
    if (output := _reply_in(filled(source, _OUTPUTS))) and output not in texts:
        texts = [output]
    model = text_of(filled(source, _LANGFUSE_MODELS))
    name = filled(trace, ("id", "traceId", "trace_id"))
    return [row_of(talk.prompt, [reply(text, model=model) for text in texts], external_id=name)]


def _with_talk(trace: Row, observations: Sequence[Row]) -> Row | None:
    """Return the trace, or else its last generation, whose input is a conversation or a text."""
    generations = [one for one in observations if one.get("type") in ("GENERATION", "generation")]
    for source in (trace, *reversed(generations)):
        if not absent(source.get("input")) and _turns_in(source["input"]) is not None:
            return source
    return None


def _turns_in(value: Any) -> Any:
    """Return the turns of an input: a text, a turn, a list of turns, or an object with messages."""
    value = parsed(value)
    if isinstance(value, str) or are_turns(value):
        return value
    if not isinstance(value, Mapping):
        return None
    if are_turns([value]):
        return [value]
    if isinstance(value.get("args"), list | tuple) and isinstance(value.get("kwargs"), Mapping):
        value = _argument(value["args"], value["kwargs"])  # of a function that was observed
        if not isinstance(value, Mapping):
            return value
    inner = filled(value, ("messages", "input", "prompt", "question", "query", "message"))
    return None if inner is None else _turns_in(inner)


def _argument(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return the only argument of a function, or its arguments by name."""
    given = [*args, *kwargs.values()]
    return _turns_in(given[0]) if len(given) == 1 else kwargs


def _reply_in(value: Any) -> str:
    """Return the reply of an output: a text, a turn, a list of turns, or choices."""
    value = parsed(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return next((text for text in map(_reply_in, reversed(value)) if text), "")
    if not isinstance(value, Mapping):
        return ""
    if are_turns([value]):
        return text_of(turns_of([value])[0]["content"])
    names = ("choices", "message", "messages", "content", "output", "answer", "response", "text")
    return _reply_in(filled(value, names))


def attributes(span: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a span: columns of its own, an object, or OTLP's list of keys."""
    found = {name: value for name, value in span.items() if _is_attribute(name)}
    for name in _ATTRIBUTES:
        given = parsed(span.get(name))
        if isinstance(given, Mapping):
            found |= _value(given) if "kvlistValue" in given else given
        elif isinstance(given, list | tuple):
            pairs = [one for one in given if isinstance(one, Mapping) and "key" in one]
            found |= {str(one["key"]): _value(one.get("value")) for one in pairs}
        found |= {
            key.removeprefix(f"{name}."): value
            for key, value in span.items()
            if key.startswith(f"{name}.") and _is_attribute(key.removeprefix(f"{name}."))
        }
    for event in objects(span.get("events")):
        found |= {key: value for key, value in attributes(event).items() if _is_attribute(key)}
    return _with_turns(found)


def _is_attribute(name: str) -> bool:
    return name.startswith(("gen_ai.", "llm.input_messages.", "llm.output_messages."))


def _with_turns(found: dict[str, Any]) -> dict[str, Any]:
    """Add the messages whose turns have an attribute each."""
    sides: dict[str, dict[int, dict[str, Any]]] = {}
    for name, value in found.items():
        if match := _TURN.fullmatch(name):
            side = INPUT if match[1] == "prompt" or match[2] == "input" else OUTPUT
            sides.setdefault(side, {}).setdefault(int(match[3]), {})[match[4]] = value
    for side, turns in sides.items():
        found.setdefault(side, [turns[number] for number in sorted(turns)])
    return found


def _value(value: Any) -> Any:
    """Return the plain value of an OTLP value, `{"stringValue": …}`."""
    if not isinstance(value, Mapping):
        return value
    if "arrayValue" in value:
        return [_value(one) for one in _values(value["arrayValue"])]
    if "kvlistValue" in value:
        pairs = _values(value["kvlistValue"])
        return {str(one.get("key")): _value(one.get("value")) for one in pairs}
    return next(iter(value.values()), None)


def _values(value: Any) -> list[Mapping[str, Any]]:
    value = parsed(value)
    return objects(value.get("values")) if isinstance(value, Mapping) else []


def _spans(row: Row) -> Iterator[Mapping[str, Any]]:
    """Yield the spans of a row: itself, or those of an OTLP export or of a part of it."""
    inner = next((name for name in _LEVELS if name in row), None)
    if inner is None:
        yield row
        return
    for one in objects(row[inner]):
        yield from _spans(one)


def _is_otel(columns: frozenset[str], first: Sequence[Row]) -> bool:
    return any(INPUT in attributes(span) for row in first for span in _spans(row))


def _otel(row: Row, work: Work) -> list[dict[str, Any]]:
    rows = []
    for span in _spans(row):
        about = attributes(span)
        if absent(about.get(INPUT)):
            work.counts[NO_TALK] += 1
        else:
            rows.append(_span(span, about, work))
    return rows


def _span(span: Mapping[str, Any], about: Mapping[str, Any], work: Work) -> dict[str, Any]:
    rules = about.get("gen_ai.system_instructions")
    given = list(turns_of(about[INPUT]))
    if not absent(rules):
        given.insert(0, {"role": "system", "content": said(parsed(rules), 1)})
    talk = work.talk(given)
    if talk.reply is not None:
        raise BadRow(_("the input ends with a turn of the assistant."))
    outputs = [] if absent(about.get(OUTPUT)) else turns_of(about[OUTPUT])
    texts = [turn["content"] for turn in outputs if not absent(turn["content"])]
    return row_of(
        talk.prompt,
        [reply(text, model=text_of(filled(about, _MODEL))) for text in texts],
        external_id=filled(span, _SPAN_IDS),
    )


_LANGFUSE_MODELS = ("model", "modelId", "providedModelName", "provided_model_name")
LANGFUSE = Shape(
    "langfuse",
    gettext_lazy("Langfuse export"),
    _is_langfuse,
    _langfuse,
    used=frozenset({"id", "traceId", "trace_id", "trace", "input", "observations"})
    | {*_OUTPUTS, *_LANGFUSE_MODELS},
)
OTEL = Shape(
    "otel",
    gettext_lazy("OpenTelemetry GenAI spans"),
    _is_otel,
    _otel,
    used=frozenset({*_LEVELS, *_ATTRIBUTES, *_SPAN_IDS, "events"}),
    also=lambda name: "gen_ai." in name or "llm." in name,
)
