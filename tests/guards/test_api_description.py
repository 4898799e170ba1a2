"""The API describes itself: without a warning, with scopes, refusals and examples that are true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import get_resolver
from jsonschema import Draft202012Validator, FormatChecker

from codesign.accounts.rules import TokenScope
from codesign.shared.problems import CONTENT_TYPE
from tests.support.addresses import patterns, view_of
from tests.support.api_description import OPERATIONS, described

JSON = "application/json"


def test_it_is_valid_and_nothing_had_to_be_guessed(tmp_path: Path) -> None:
    """Prevents drf-spectacular from guessing, and generated clients from being wrong."""
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "api.yml"))
    assert "openapi: 3.1.0" in (tmp_path / "api.yml").read_text()


def test_every_view_of_the_api_is_in_it() -> None:
    """Prevents an endpoint that nobody can find because the description leaves it out."""
    views = {
        view_of(pattern)
        for pattern in patterns(get_resolver())
        if view_of(pattern).__module__.split(".")[1:2] == ["api"]
        or view_of(pattern).__module__.endswith(".api")
    }
    methods = sum(
        hasattr(view, method) for view in views for method in ("get", "post", "put", "delete")
    )
    assert len(OPERATIONS) == methods


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_what_it_needs_and_how_it_refuses(name: str) -> None:
    """Prevents a program from meeting a status code or a scope that was never documented."""
    operation = OPERATIONS[name]
    assert operation["description"]
    (token, session) = operation["security"]
    assert session == {"session": []}
    (scope,) = token["token"]
    assert scope in set(TokenScope)
    assert f"`{scope}`" in operation["description"]
    refusals = {code: said for code, said in operation["responses"].items() if code >= "400"}
    assert {"401", "403", "406", "429"} <= set(refusals)
    assert "requestBody" not in operation or {"400", "413", "415"} <= set(refusals)
    assert "{" not in name or "404" in refusals
    for code, said in refusals.items():
        content = said["content"][CONTENT_TYPE]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        (example,) = content["examples"].values()
        assert example["value"]["status"] == int(code)
        assert said["description"]
    assert operation["summary"]
    assert len(operation["summary"]) < 100


def test_both_ways_to_sign_in_are_described() -> None:
    """Prevents a token whose scopes are not listed, or a session without its CSRF header."""
    schemes = described()["components"]["securitySchemes"]
    assert set(schemes) == {"token", "session"}
    assert all(f"`{scope}`" in schemes["token"]["description"] for scope in TokenScope)
    assert "X-CSRFToken" in schemes["session"]["description"]


def shown(operation: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(where, schema, its examples) of every JSON body that goes in or out."""
    bodies = {"request": operation.get("requestBody", {})} | {
        code: said for code, said in operation["responses"].items() if code < "400"
    }
    for where, body in bodies.items():
        if JSON in body.get("content", {}):
            media = body["content"][JSON]
            yield where, media["schema"], media.get("examples", {})


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_are_there_and_fit(name: str) -> None:
    """Prevents examples that our own API would refuse."""
    for where, schema, examples in shown(OPERATIONS[name]):
        assert examples, where
        whole = schema | {"components": described()["components"]}
        validator = Draft202012Validator(whole, format_checker=FormatChecker())
        for example in examples.values():
            assert [error.message for error in validator.iter_errors(example["value"])] == []


def test_lists_come_in_pages_but_for_the_one_that_is_fixed() -> None:
    """Prevents a list that returns a whole study in one answer."""
    paged = set()
    for name, operation in OPERATIONS.items():
        schema = operation["responses"].get("200", {}).get("content", {}).get(JSON, {})
        reference = schema.get("schema", {}).get("$ref", "")
        if operation["operationId"].endswith("_list") and name != "GET /api/v1/studies/":
            assert "Paginated" in reference, name
            named = {parameter["name"] for parameter in operation["parameters"]}
            assert {"cursor", "page_size"} <= named
            paged.add(name)
    assert "GET /api/v1/models/" in paged
