"""Each rule has one place and one name; what these guards refuse is the same rule spelt out again.

They prevent that a rule is changed in one place and stays as it was in another.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("codesign", "annotations", "modelhub")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def texts(tree: ast.Module) -> Iterator[str]:
    """Every string of a module, its docstrings too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_advisory_locks_are_taken_in_one_module() -> None:
    """A lock with a number of its own could meet another one by accident."""
    raw = re.compile(r"pg_(try_)?advisory")
    users = {name for name, tree in modules() if any(raw.search(text) for text in texts(tree))}
    assert users == {"codesign/shared/advisory_locks.py"}


def test_studies_are_locked_by_lock_study_alone() -> None:
    """A `select_for_update` written by hand may lock too little, or too late."""
    by_hand = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "select_for_update"
        and ast.unparse(node.value).startswith("Study.objects")
    }
    assert by_hand == {"codesign/studies/locks.py"}
