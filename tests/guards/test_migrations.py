"""Migrations stay what they were on the day they were written."""

import ast
from pathlib import Path

from tests.support.source import ROOT

PROJECT = ("annotations", "codesign", "modelhub", "tests", "benchmarks")
MIGRATIONS = sorted(
    path
    for package in PROJECT
    for path in (ROOT / package).rglob("migrations/*.py")
    if path.name != "__init__.py"
)


def imported(path: Path) -> set[str]:
    """Return the names of the modules that a file imports; relative imports start with a dot."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def test_no_migration_imports_project_code() -> None:
    """Prevents later changes of code from changing or breaking an old migration."""
    assert len(MIGRATIONS) > 20
    live = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in MIGRATIONS
        for name in imported(path)
        if name.startswith(".") or name.split(".")[0] in PROJECT
    }
    assert live == set()
