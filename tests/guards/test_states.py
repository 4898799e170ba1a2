"""State moves by its declared table and leaves a log row (house rule 4)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codesign.shared.transition import MACHINES
from tests.support.source import sources

PACKAGES = ("codesign", "annotations", "modelhub")

# Each exception says why, and must still be one.
BY_HAND: dict[str, str] = {
    "modelhub/services/chunks.py": "items of a generation run move in bulk, by their run's lock",
}
FIELDS = {field for _, field in MACHINES}
MODELS = {model.__name__ for model, _ in MACHINES}


def targets(node: ast.AST) -> Iterator[ast.expr]:
    """What a statement assigns to, tuples taken apart."""
    found = getattr(node, "targets", []) if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        found = [node.target]
    for target in found:
        yield from target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def moves_by_hand(tree: ast.Module) -> Iterator[int]:
    """Lines that write a state beside `transition`."""
    for node in ast.walk(tree):
        for target in targets(node):
            if isinstance(target, ast.Attribute) and target.attr in FIELDS:
                yield node.lineno  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            chain = ast.unparse(node.func.value)
            written = {keyword.arg for keyword in node.keywords} & FIELDS
            of_machine = any(chain.startswith(f"{name}.objects") for name in MODELS)
            if node.func.attr == "update" and written and of_machine:
                yield node.lineno


def test_state_moves_by_transition_alone() -> None:
    """Prevents a move that its table forbids, and one that no log knows of."""
    assert "state" in FIELDS
    by_hand = {
        name
        for name, tree in sources().items()
        if name.startswith(PACKAGES) and next(moves_by_hand(tree), None)
    }
    assert by_hand == set(BY_HAND)
