"""Tests match a refusal by its words or its code, not by its class alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.source import sources

WORDLESS = {
    "InvalidSignature": "cryptography raises it without a message",
    "Stopped": "has no message: it only tells a worker to end",
}
"""Class → why it cannot be matched. Each must still be raised without a match in a test."""


def is_raises(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"pytest.raises", "raises"}


def is_matched(call: ast.Call) -> bool:
    """Return whether the call has a `check`, or a `match` that is not an empty text."""
    return any(
        word.arg == "check"
        or (
            word.arg == "match"
            and not (isinstance(word.value, ast.Constant) and not word.value.value)
        )
        for word in call.keywords
    )


def is_read_after(name: ast.expr | None, block: ast.With, scope: ast.AST) -> bool:
    """Return whether the variable of `pytest.raises(…) as name` is used after its block."""
    return isinstance(name, ast.Name) and any(
        isinstance(node, ast.Name)
        and node.id == name.id
        and isinstance(node.ctx, ast.Load)
        and node.lineno > (block.end_lineno or 0)
        for node in ast.walk(scope)
    )


def scopes(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yield every node with the innermost function, or the module, that contains it."""
    waiting: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while waiting:
        node, scope = waiting.pop()
        yield node, scope
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            scope = node
        waiting += [(child, scope) for child in ast.iter_child_nodes(node)]


def unmatched(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the class of each `pytest.raises` that checks the class alone."""
    checked = {
        id(item.context_expr)
        for node, scope in scopes(tree)
        if isinstance(node, ast.With)
        for item in node.items
        if is_read_after(item.optional_vars, node, scope)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and is_raises(node)
            and not is_matched(node)
            and id(node) not in checked
        ):
            yield node.lineno, ast.unparse(node.args[0]) if node.args else ""


@pytest.mark.parametrize(
    "code",
    [
        "with pytest.raises(Conflict):\n    send()",
        "with pytest.raises(Conflict, match=''):\n    send()",
        "with pytest.raises(Conflict) as refused:\n    send(refused)",
        "with raises(Conflict), atomic():\n    send()",
        "pytest.raises(Conflict, send)",
        "def first():\n    with pytest.raises(Conflict) as refused:\n        send()\n"
        "def second(refused):\n    assert refused",
    ],
)
def test_the_guard_finds_a_refusal_without_words(code: str) -> None:
    """Prevents a guard that overlooks a refusal which is matched by its class alone."""
    assert [raised for _, raised in unmatched(ast.parse(code))] == ["Conflict"]


@pytest.mark.parametrize(
    "code",
    [
        "with pytest.raises(Conflict, match='already sent'):\n    send()",
        "with pytest.raises(Conflict, match=said), atomic():\n    send()",
        "with pytest.raises(Conflict) as refused:\n    send()\nassert refused.value.extra == {}",
    ],
)
def test_the_guard_accepts_a_refusal_that_is_matched(code: str) -> None:
    """Prevents a guard that refuses tests which check the words or the code."""
    assert list(unmatched(ast.parse(code))) == []


def test_refusals_are_matched_by_their_words_or_code() -> None:
    """Prevents a test that passes although the code refuses for another reason."""
    unmatched_refusals = {
        (f"{name}:{line}", raised)
        for name, tree in sources().items()
        if name.startswith("tests/")
        for line, raised in unmatched(tree)
    }
    assert {where for where, raised in unmatched_refusals if raised not in WORDLESS} == set()
    assert {raised for _, raised in unmatched_refusals} == set(WORDLESS)
