"""The project's source code, as guards read it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


PACKAGES = ("codesign", "annotations", "modelhub")


@cache
def sources() -> dict[str, ast.Module]:
    trees = {}
    for package in (*PACKAGES, "tests", "benchmarks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                trees[path.relative_to(ROOT).as_posix()] = ast.parse(path.read_text())
    return trees


def layer(name: str) -> str:
    """`annotations/services/rounds.py` → `services`."""
    parts = name.removesuffix(".py").split("/")
    return parts[2] if parts[0] == "codesign" and len(parts) > 2 else parts[1]
