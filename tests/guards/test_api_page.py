"""The examples of docs/api.md are requests that the API knows, with answers that it gives.

Somebody who copies an example must not get a 404 or meet other names than the page shows.
"""

import functools
import json
import re
import shlex
from typing import Any, NamedTuple

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.support.source import ROOT

PAGE = ROOT / "docs/api.md"
BLOCKS = re.compile(r"```(sh|http)\n(.*?)```", re.DOTALL)
BASE = "$CODESIGN"


class Example(NamedTuple):
    """One command of the page and the answer shown below it."""

    method: str
    path: str
    query: list[str]
    sent: Any
    status: str
    answer: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


def parsed(command: str, answer: str) -> Example:
    words = shlex.split(command.replace("\\\n", " "))
    url = next(word for word in words if word.startswith(BASE)).removeprefix(BASE)
    path, _, query = url.partition("?")
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    data = words[words.index("-d") + 1] if "-d" in words else ""
    head, _, body = answer.partition("\n")
    return Example(
        method=method.lower(),
        path=f"/api/v1{path}",
        query=[part.partition("=")[0] for part in query.split("&") if part],
        sent=json.loads(data) if data and not data.startswith("@") else None,
        status=head.split()[1],
        answer=json.loads(body) if body.strip() else None,
    )


def examples() -> list[Example]:
    blocks = BLOCKS.findall(PAGE.read_text(encoding="utf-8"))
    kinds = [kind for kind, _ in blocks]
    assert kinds == ["sh", "http"] * (len(kinds) // 2), "each command is followed by its answer"
    texts = [text for _, text in blocks]
    return [parsed(*pair) for pair in zip(texts[::2], texts[1::2], strict=True)]


@functools.cache
def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
        public=True
    )
    return schema


def operation_of(example: Example) -> dict[str, Any]:
    """Return the operation of the schema whose path fits best; fail where there is none."""
    fitting = [
        path
        for path in described()["paths"]
        if re.fullmatch(
            re.sub(r"\{path\}", ".+", re.sub(r"\{(?!path)\w+\}", "[^/]+", path)), example.path
        )
    ]
    assert fitting, f"no such address: {example.path}"
    best: dict[str, Any] = described()["paths"][min(fitting, key=lambda path: path.count("{"))]
    assert example.method in best
    operation: dict[str, Any] = best[example.method]
    return operation


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = described()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def unknown_keys(value: Any, schema: dict[str, Any]) -> set[str]:
    """Return the keys of a value, however deep, that its schema does not name."""
    schema = resolved(schema)
    options = [one for word in ("oneOf", "anyOf", "allOf") for one in schema.get(word, ())]
    if options:
        return min((unknown_keys(value, one) for one in options), key=len)
    if isinstance(value, list):
        return {key for one in value for key in unknown_keys(one, schema.get("items", {}))}
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None:
        return set()
    deeper = {
        key
        for name in value.keys() & properties.keys()
        for key in unknown_keys(value[name], properties[name])
    }
    return set(value.keys() - properties.keys()) | deeper


def json_schema(content: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = next(
        body["schema"] for kind, body in content.items() if kind.endswith("json")
    )
    return schema


@pytest.mark.parametrize("example", examples(), ids=str)
def test_a_documented_request_is_one_that_the_api_describes(example: Example) -> None:
    """Prevents examples with addresses, keys or answers that the API does not have."""
    operation = operation_of(example)
    assert example.status in operation["responses"]
    known = {parameter["name"] for parameter in operation.get("parameters", ())}
    assert set(example.query) <= known
    if example.sent is not None:
        assert unknown_keys(example.sent, json_schema(operation["requestBody"]["content"])) == set()
    if example.answer is not None:
        answers = operation["responses"][example.status]["content"]
        assert unknown_keys(example.answer, json_schema(answers)) == set()


def test_the_page_shows_every_part_of_the_api() -> None:
    """Prevents a part of the API that no example shows."""
    shown = {example.path for example in examples()}
    for part in ("assignments", "submission", "prompts", "dataset-releases", "retractions"):
        assert any(part in path for path in shown)
