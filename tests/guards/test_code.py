"""Architecture: small files, writes in services alone, heavy libraries far from the web."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.source import PACKAGES, ROOT, layer, sources

MOST_LINES, MOST_FUNCTION_LINES = 400, 45

# Each exception says why, and must still be one.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
WRITES_ELSEWHERE: dict[str, str] = {
    "codesign/accounts/models.py": "Django's own contract: a user manager makes users",
    "codesign/shared/management/commands/build_fonts.py": "saves font files, no rows",
}

WRITES = {
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "save",
    "delete",
    "update",
}
NO_ROWS = {"request.session", "super()"}
"""What is saved or deleted there is no row of ours."""
DOORS = ("views", "api", "tasks", "receivers", "admin", "management", "forms", "serializers")


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}:{node.name}", node


def test_files_are_small() -> None:
    """Prevents god files: code that a reader cannot take in at one sitting."""
    endings = {".py", ".html", ".js"}
    long = {
        path.relative_to(ROOT).as_posix()
        for package in (*PACKAGES, "templates", "tests", "benchmarks")
        for path in (ROOT / package).rglob("*")
        if path.suffix in endings
        and "migrations" not in path.parts
        and path.read_text().count("\n") > MOST_LINES
    }
    assert long == set(LONG_FILES)


@cache
def lines_of(name: str) -> list[str]:
    return (ROOT / name).read_text().splitlines()


def code_lines(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function that one has to follow: without its docstring and blank lines."""
    lines = set(range(node.lineno, (node.end_lineno or 0) + 1))
    if ast.get_docstring(node) is not None:
        lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return sum(bool(lines_of(name)[line - 1].strip()) for line in lines)


def test_functions_are_small() -> None:
    """Prevents functions that do several things and can only be tested as one."""
    long = {
        name
        for name, node in functions()
        if code_lines(name.partition(":")[0], node) > MOST_FUNCTION_LINES
    }
    assert long == set(LONG_FUNCTIONS)


def _writes(tree: ast.Module) -> Iterator[int]:
    """Lines on which a manager, a query set or a row writes."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        chain = ast.unparse(node.func.value)
        by_manager = node.func.attr in WRITES and (".objects" in chain or "_manager" in chain)
        by_row = node.func.attr in {"save", "delete"} and chain not in NO_ROWS
        if by_manager or by_row:
            yield node.lineno


def test_writes_stand_in_services_alone() -> None:
    """Prevents a change without its permission check and its audit event (house rule 1)."""
    elsewhere = {
        name
        for name, tree in sources().items()
        if name.startswith(PACKAGES) and layer(name) != "services" and next(_writes(tree), None)
    }
    assert elsewhere == set(WRITES_ELSEWHERE)


def test_doors_read_through_queries() -> None:
    """Prevents a page or an endpoint that reads rows without asking who reads (house rule 3)."""
    direct = {
        f"{name}:{node.lineno}"
        for name, tree in sources().items()
        if name.startswith(PACKAGES) and layer(name) in DOORS
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "objects"
    }
    assert direct == set()


HEAVY = {
    "torch",
    "transformers",
    "trl",
    "peft",
    "datasets",
    "pandas",
    "pyarrow",
    "presidio_analyzer",
}


def test_heavy_libraries_load_inside_functions_of_their_two_places() -> None:
    """Prevents a web process that needs gigabytes and half a minute to start (house rule 9)."""
    wrong = set()
    for name, tree in sources().items():
        if not name.startswith(PACKAGES):
            continue
        allowed = name.startswith(("modelhub/engine/", "annotations/datasets/"))
        top = {id(node) for node in tree.body}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                roots = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                roots = {(node.module or "").split(".")[0]}
            else:
                continue
            if roots & HEAVY and (id(node) in top or not allowed):
                wrong.add(f"{name}:{node.lineno}")
    assert wrong == set()


def test_the_web_process_never_imports_torch() -> None:
    """Prevents an indirect import of a heavy library by what gunicorn loads."""
    code = (
        "import sys, codesign.config.wsgi\n"
        "from django.urls import get_resolver\n"
        "get_resolver().reverse_dict\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_services_take_keywords_only() -> None:
    """Prevents two arguments of one type from being swapped unnoticed (house rule 1)."""
    positional = {
        f"{name}:{node.name}"
        for name, tree in sources().items()
        if name.startswith(PACKAGES) and layer(name) == "services"
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and (node.args.args or node.args.posonlyargs)
    }
    assert positional == set()


def test_audit_actions_say_what_erasure_does() -> None:
    """Prevents personal data that survives an erasure in the audit trail (house rule 7)."""
    import django.apps

    from codesign.audit.registry import ACTIONS, OnErasure

    assert django.apps.apps.ready
    for _, action in ACTIONS:
        assert isinstance(action.on_erasure, OnErasure)
        assert action.says


def ours_in(tree: ast.Module) -> set[str]:
    """The names that a module has from our packages."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            whole = [alias for alias in node.names if alias.name.startswith(PACKAGES)]
            names |= {(alias.asname or alias.name).split(".")[0] for alias in whole}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGES):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_no_test_changes_the_code_that_it_tests() -> None:
    """Prevents a test that passes on code which no installation runs.

    Operators' choices are set by `settings`.
    """
    changed = set()
    for name, tree in sources().items():
        if not name.startswith("tests/"):
            continue
        ours = ours_in(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                whose = ast.unparse(node).split(".")[0]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"setattr", "delattr"}:
                whose = ast.unparse(node.args[0]).split(".")[0]
            else:
                continue
            if whose in ours:
                changed.add(f"{name}:{node.lineno}")
    assert changed == set()


@pytest.mark.parametrize("word", ["task_always_eager", "db.backends.sqlite3"])
def test_no_setting_makes_broker_or_database_another(word: str) -> None:
    """Prevents tests on another database or without a broker, which hide real faults.

    The linter refuses stand-ins in code (`banned-api` in pyproject.toml).
    """
    here = Path(__file__).relative_to(ROOT).as_posix()
    users = [name for name in sources() if name != here and word in (ROOT / name).read_text()]
    assert users == []
