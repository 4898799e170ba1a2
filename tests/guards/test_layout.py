"""Where tests stand: one finds the tests of a module by its name."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.source import ROOT, sources

STORIES = {"browser", "factories", "faults", "guards", "journeys", "support"}
"""Folders of what belongs to no single module."""
TESTS = sorted(
    path.relative_to(ROOT / "tests")
    for path in (ROOT / "tests").rglob("test_*.py")
    if path.relative_to(ROOT / "tests").parts[0] not in STORIES
)


def module_of(test: Path) -> Path | None:
    """The module or package that `tests/<app>/<layer>/test_<module>[_<aspect>].py` tests."""
    app = test.parts[0]
    package = (
        ROOT
        / ("" if app in ("annotations", "modelhub", "requirements") else "codesign")
        / test.parent
    )
    words = test.stem.removeprefix("test_").split("_")
    for count in range(len(words), 0, -1):
        name = "_".join(words[:count])
        if (package / f"{name}.py").is_file() or (package / name).is_dir():
            return package / name
    return None


def test_a_test_file_is_named_after_the_module_that_it_tests() -> None:
    """Prevents tests that nobody finds, and tests of modules that were renamed or removed."""
    assert [test.as_posix() for test in TESTS if module_of(test) is None] == []


def test_no_test_imports_from_a_test_file() -> None:
    """Prevents a test from changing, or failing to load, because another test file was edited."""
    imported = {
        f"{name}:{node.lineno}"
        for name, tree in sources().items()
        if name.startswith("tests/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests")
        if any(
            part.startswith("test_")
            for part in [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        )
    }
    assert imported == set()


def test_each_guard_says_which_failure_it_prevents() -> None:
    """Prevents a guard that somebody removes because its purpose is unknown."""
    silent = {
        f"{name}:{node.name}"
        for name, tree in sources().items()
        if name.startswith("tests/guards/")
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if "revents" not in (ast.get_docstring(node) or "")
    }
    assert silent == set()
