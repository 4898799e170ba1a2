"""Measures which faults the tests catch: plants one at a time and runs the module's own tests.

    make mutants                                  # ten of each file
    make mutants MUTANTS=50 IN=annotations/rules  # more of some files

Cosmic Ray's operators make the faults ("mutants"): `<` becomes `<=`, a number grows by one, a `not`
disappears. Its own runner starts a process for each, which here takes seconds of imports; this one
imports everything once, forks, and changes the code of a function in the fork. A mutant outside of
functions takes a new process. Files on disk are never changed, so code that tests start as another
process stays unchanged. PostgreSQL and Valkey start once and end with the run.

Of all mutants of one place in the source, one is chosen, and of all places a sample: the same one
each time, as long as the file stays the same. Mutants of annotations, and of arguments that change
no result, are not counted.

A module's tests are those that its name finds (`tests/<app>/<layer>/test_<module>*.py`); where
there are none, those in the same folder that import it, and else all in that folder.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import importlib.machinery
import importlib.metadata
import inspect
import math
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
AREAS = (
    "annotations/rules", "annotations/contract", "annotations/datasets", "annotations/services",
    "modelhub/rules", "modelhub/services", *sorted(
        str(path.relative_to(ROOT))
        for pattern in ("codesign/*/rules*", "codesign/*/services*")
        for path in ROOT.glob(pattern)
    ),
)  # fmt: skip
OPTIONS = (
    "-x", "-q", "--assert=plain", "-o", "addopts=", "-p", "no:cacheprovider",
    "-p", "no:schemathesis", "-p", "no:unraisableexception",
)  # fmt: skip
"""Plain asserts and fewer plugins: most of the time of a short run goes into its start."""
NOT_OBSERVABLE = {"frozen", "slots", "maxsize"}
"""Arguments of `dataclass` and `lru_cache` that change no result."""
CACHES = ("functools.cache", "functools.lru_cache")
CAUGHT, SURVIVED, TOO_LONG = "caught", "survived", "too long"


@dataclass(frozen=True)
class Mutant:
    """One changed place of a module."""

    path: Path
    line: int
    operator: str
    source: str

    def __str__(self) -> str:
        before, after = self.path.read_text("utf-8").splitlines(), self.source.splitlines()
        changed = [pair for pair in zip(before, after, strict=False) if pair[0] != pair[1]]
        old, new = changed[0] if changed else ("", "")
        where = f"{self.path.relative_to(ROOT)}:{self.line}"
        return f"{where} {self.operator}\n    - {old.strip()}\n    + {new.strip()}"


class Limits(NamedTuple):
    """Seconds."""

    processor: float
    clock: float


class Ran(NamedTuple):
    """How a run of tests ended."""

    status: int
    used: Limits


class _Observable(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.decorator_list = [
            one for one in node.decorator_list if not ast.unparse(one).startswith(CACHES)
        ]
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        if node.arg in NOT_OBSERVABLE:
            node.value = ast.Constant(None)
        return node


def meaning(source: str) -> str:
    """Return the syntax tree of what can be observed, as text; empty where it does not compile."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)  # `is` with a literal
        try:
            compile(source, "mutant", "exec")
        except SyntaxError:
            return ""
    return ast.dump(_Observable().visit(ast.parse(source)))


def mutants(path: Path, most: int) -> list[Mutant]:
    """Return a sample of at most `most` mutants of a file, each of another place."""
    source = path.read_text("utf-8")
    tree = get_ast(source)
    places = defaultdict(list)
    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments():
            continue
        positions = (at for node in ast_nodes(tree) for at in operator().mutation_positions(node))
        for number, (start, _) in enumerate(positions):
            places[start].append((name, number))
    choice = random.Random(str(path.relative_to(ROOT)))
    chosen: list[Mutant] = []
    for start in choice.sample(sorted(places), len(places)):
        name, number = choice.choice(places[start])
        changed = mutate_code(source, get_operator(name)(), number)
        if changed and meaning(changed) not in ("", meaning(source)):
            chosen.append(Mutant(path, start[0], name.removeprefix("core/"), changed))
        if len(chosen) == most:
            break
    return chosen


def tests_of(path: Path) -> list[str]:
    """Return the test files of a module."""
    module = path.relative_to(ROOT).with_suffix("")
    parts = module.parts[1:] if module.parts[0] == "codesign" else module.parts
    package = parts[-1] == "__init__"
    parts = parts[:-1] if package else parts
    folder = ROOT.joinpath("tests", *parts[:-1])
    siblings = {other.stem for other in path.parent.glob("*.py")} - {parts[-1]}
    longer = tuple(f"test_{name}" for name in siblings if name.startswith(f"{parts[-1]}_"))
    named = [
        test
        for test in folder.glob(f"test_{parts[-1]}*.py")
        if re.fullmatch(rf"test_{parts[-1]}(_\w+)?", test.stem)
        and not (longer and test.stem.startswith(longer))
    ]
    dotted, name = ".".join(module.parts[:-1]), module.name
    imports = re.compile(
        rf"from {dotted}\.{name} import|from {dotted} import .*\b{name}\b|import {dotted}\.{name}\b"
    )
    beside = list(folder.rglob("test_*.py"))
    importing = [test for test in beside if imports.search(test.read_text("utf-8"))]
    return sorted(map(str, named or importing or beside))


def changed_functions(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """Return the functions that differ; None where something outside of functions differs."""

    def own(code: CodeType) -> tuple[object, ...]:
        values = [None if isinstance(one, CodeType) else one for one in code.co_consts]
        return code.co_code, code.co_names, repr(values)

    if before == after:
        return []
    if before.co_flags & inspect.CO_OPTIMIZED:
        return [(before, after)] if before.co_freevars == after.co_freevars else None
    if own(before) != own(after):
        return None
    changed: list[tuple[CodeType, CodeType]] = []
    for old, new in zip(before.co_consts, after.co_consts, strict=True):
        if isinstance(old, CodeType):
            inner = changed_functions(old, new)
            if inner is None:
                return None
            changed += inner
    return changed


def swap(mutant: Mutant) -> Callable[[], None] | None:
    """Return what plants the mutant into the imported module, where it can be."""
    source, name = mutant.path.read_text("utf-8"), str(mutant.path)
    changed = changed_functions(compile(source, name, "exec"), compile(mutant.source, name, "exec"))
    if not changed:
        return None
    live = [one for one in gc.get_objects() if type(one) is FunctionType]
    replacements = [
        (one, new)
        for old, new in changed
        for one in live
        if one.__code__ == old and one.__code__.co_filename == name
    ]

    def plant() -> None:
        for function, code in replacements:
            function.__code__ = code

    return plant if replacements else None


class Failed:
    """Collects the tests that fail, in a file that outlives the fork."""

    def __init__(self, path: str) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report) -> None:
        """Add a failed test."""
        if report.failed:
            with open(self.path, "a") as file:
                file.write(f"{report.nodeid}\n")


def run(arguments: list[str], limits: Limits, plant: Callable[[], object], *plugins: object) -> Ran:
    """Run tests in a fork."""
    began = time.monotonic()
    if not (child := os.fork()):
        status = 99
        try:
            limited(limits)
            plant()
            gc.freeze()
            import pytest

            status = int(pytest.main([*OPTIONS, *arguments], plugins=list(plugins)))
        finally:
            os._exit(status)  # the parent's exit handlers stop the servers
    _, status, used = os.wait4(child, 0)
    processor = used.ru_utime + used.ru_stime
    return Ran(os.waitstatus_to_exitcode(status), Limits(processor, time.monotonic() - began))


def run_unchanged(tests: list[str]) -> tuple[list[str], Limits]:
    """Run the tests without a mutant; return those that pass, as arguments, and their times."""
    for test in tests:
        importlib.import_module(".".join(Path(test).relative_to(ROOT).with_suffix("").parts))
    with tempfile.NamedTemporaryFile("r") as file:
        used = run(["--maxfail=1000", *tests], Limits(3600, 3600), int, Failed(file.name)).used
        failed = file.read().splitlines()
    for test in failed:
        print(f"fails without a mutant, so it is left out: {test}", flush=True)
    return [*tests, *(f"--deselect={test}" for test in failed)], used


def limited(limits: Limits) -> None:
    """Limit this process to seconds of processor and of clock, and silence it."""
    processor, clock = map(math.ceil, limits)
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    signal.alarm(clock)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)


def run_anew(mutant: Mutant, tests: list[str], limits: Limits) -> int:
    """Run the tests in a new process that imports the mutant instead of the module."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(mutant.source)
        file.flush()
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.mutants", "--instead", str(mutant.path), file.name,
             *map(str, limits), *tests], cwd=ROOT, check=False,
        ).returncode  # fmt: skip


def instead(path: str, changed: str, processor: str, clock: str, *tests: str) -> int:
    """Run tests with the source in `changed` where `path` is imported."""
    import pytest

    get_data = importlib.machinery.SourceFileLoader.get_data

    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType:
            return compile(get_data(self, changed), path, "exec")

    class Finder(importlib.machinery.PathFinder):
        @classmethod
        def find_spec(cls, *args, **options):
            spec = super().find_spec(*args, **options)
            if spec and spec.origin == path:
                spec.loader = Loader(spec.name, path)
            return spec

    sys.meta_path.insert(0, Finder)
    limited(Limits(float(processor), float(clock)))
    return int(pytest.main([*OPTIONS, *tests]))


def outcome(status: int) -> str:
    """Say what the status of a test run means; pytest's 1 to 4 are failures of some sort."""
    if status < 0:
        return TOO_LONG
    return SURVIVED if status == 0 else CAUGHT


def measure(path: Path, most: int) -> Counter[str]:
    """Try the mutants of one file."""
    results: Counter[str] = Counter()
    tests, name = tests_of(path), path.relative_to(ROOT)
    sample = mutants(path, most)
    if not sample:
        return results
    if not tests:
        print(f"{name}: no tests of its own, {len(sample)} mutants not tried", flush=True)
        return Counter({"not tried": len(sample)})
    arguments, used = run_unchanged(tests)
    limits = Limits(3 * used.processor + 60, 10 * used.clock + 600)  # a new process starts slowly
    for mutant in sample:
        plant = swap(mutant)
        if plant:
            status = run(arguments, limits, plant).status
        else:
            status = run_anew(mutant, arguments, limits)
        results[outcome(status)] += 1
        if status <= 0:
            print(f"{outcome(status)}: {mutant}", flush=True)
    print(f"{name}: {dict(results)}, {used.processor:.1f} s each", flush=True)
    return results


def main() -> int:
    """Start the servers, import everything, measure file after file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("paths", nargs="*", default=AREAS, help="folders or files")
    parser.add_argument("--each", type=int, default=10, help="mutants of each file")
    options = parser.parse_args()
    importlib.import_module("tests.plugin")
    os.environ["DJANGO_SETTINGS_MODULE"] = "codesign.config.settings"
    import django

    django.setup()
    importlib.import_module("codesign.config.urls")
    importlib.import_module("tests.conftest")
    for plugin in importlib.metadata.entry_points(group="pytest11"):
        plugin.load()
    totals: dict[str, Counter[str]] = {}
    for area in map(Path, options.paths):
        files = sorted((ROOT / area).rglob("*.py")) if area.suffix == "" else [ROOT / area]
        totals[str(area)] = sum((measure(path, options.each) for path in files), Counter())
    for area, results in totals.items():
        tried = sum(results.values()) - results["not tried"]
        share = (results[CAUGHT] + results[TOO_LONG]) / tried if tried else math.nan
        print(f"{area}: {share:.1%} of {tried} caught; {dict(results)}")
    return 0


if __name__ == "__main__":
    sys.exit(instead(*sys.argv[2:]) if sys.argv[1:2] == ["--instead"] else main())
