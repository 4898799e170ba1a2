"""State moves by its declared table and leaves a log row (house rule 4, decision 26)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.urls import get_resolver

from codesign.shared.transition import ITEMS, MACHINES
from tests.support.source import PACKAGES, sources

assert get_resolver().url_patterns, "every service is loaded, and has registered its machines"

# Each exception says why, and must still be one. Only modules that move items may be exceptions.
BY_HAND: dict[str, str] = {
    "annotations/services/seats.py": "statements of the judging loop lease and fill a seat",
    "modelhub/services/items.py": "each item of a chunk ends in a state of its own",
}
FIELDS = {field for _, field in (*MACHINES, *ITEMS)}
SETS_STATE = re.compile(
    r"\bUPDATE\s+\w+(?:\s+\w+)?\s+SET\s(?:(?!\b(?:FROM|WHERE)\b).)*?"
    rf"\b(?:{'|'.join(sorted(FIELDS))})\s*=",
    re.IGNORECASE | re.DOTALL,
)


def file_of(module: str) -> str:
    return f"{module.replace('.', '/')}.py"


def targets(node: ast.AST) -> Iterator[ast.expr]:
    """What a statement assigns to, tuples taken apart."""
    assigned = getattr(node, "targets", []) if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        assigned = [node.target]
    for target in assigned:
        yield from target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def text_of(node: ast.AST) -> str:
    """A string in the source; `value` stands for what is filled in later."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "value" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def written_by_transition(tree: ast.Module) -> set[ast.AST]:
    """What `transition` is told to write in a statement of the caller's."""
    return {
        node
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "transition"
        for keyword in call.keywords
        if keyword.arg == "write"
        for node in ast.walk(keyword.value)
    }


def moves_by_hand(tree: ast.Module) -> Iterator[int]:
    """Lines that write a state beside `transition` and `move_items`."""
    allowed = written_by_transition(tree)
    for node in ast.walk(tree):
        if node in allowed:
            continue
        for target in targets(node):
            if isinstance(target, ast.Attribute) and target.attr in FIELDS:
                yield node.lineno  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            written = {keyword.arg for keyword in node.keywords} & FIELDS
            if node.func.attr == "update" and written:
                yield node.lineno
        if SETS_STATE.search(text_of(node)):
            yield node.lineno  # type: ignore[attr-defined]


def calls(name: str) -> Callable[[ast.Module], Iterator[int]]:
    def lines(tree: ast.Module) -> Iterator[int]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                yield node.lineno

    return lines


def files_with(find_lines: Callable[[ast.Module], Iterator[int]]) -> set[str]:
    return {
        name
        for name, tree in sources().items()
        if name.startswith(PACKAGES) and next(find_lines(tree), None)
    }


def test_state_moves_by_transition_alone() -> None:
    """Prevents a move that its table forbids, and one that no log knows of."""
    assert {"state", "text_check", "pay_check"} <= FIELDS
    assert files_with(moves_by_hand) == set(BY_HAND)


def test_items_are_moved_by_one_module() -> None:
    """Prevents a second mover of items, whose moves the log of their job or assignment misses."""
    modules = {file_of(declared.module) for declared in ITEMS.values()}
    assert files_with(calls("move_items")) == modules
    assert files_with(calls("machine_of_items")) - {"codesign/shared/transition.py"} == modules
    assert set(BY_HAND) <= modules
    assert all(declared.logged_by for declared in ITEMS.values())


def test_every_state_has_its_table() -> None:
    """Prevents a new column of states that nothing but its own code knows."""
    columns = {
        (model, field.name)
        for model in apps.get_models()
        if model.__module__.startswith(PACKAGES)
        for field in model._meta.concrete_fields
        if field.name in FIELDS
    }
    assert columns == {*MACHINES, *ITEMS} - {
        entry for entry in MACHINES if not entry[0].__module__.startswith(PACKAGES)
    }


@pytest.mark.parametrize(
    "source",
    [
        "seat.state = 'free'",
        "one, seat.state = 1, 'free'",
        "Seat.objects.filter(id=1).update(state='free')",
        "unseen.filter(id__in=hits).update(text_check='found')",
        "cursor.execute('UPDATE annotations_seat SET offered = false, state = %s WHERE id = 1')",
        "cursor.execute(f'UPDATE {table} SET state = %s')",
        "cursor.execute(f'''UPDATE annotations_seat seat SET offered = {yes},\nstate = 1''')",
    ],
)
def test_the_guard_sees_every_way_to_move_by_hand(source: str) -> None:
    """Prevents a guard that is green because it looks past what it guards."""
    assert list(moves_by_hand(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "transition(seat, to='free', actor=actor)",
        "transition(row, to='x', actor=actor, write=lambda: same.update(state='x'))",
        "Seat.objects.filter(state='free').update(offered=True)",
        "cursor.execute('UPDATE annotations_seat SET offered = true WHERE state = %s')",
        "state = row.state",
    ],
)
def test_the_guard_lets_other_writes_pass(source: str) -> None:
    """Prevents a guard that has to be told about every other statement."""
    assert not list(moves_by_hand(ast.parse(source)))
