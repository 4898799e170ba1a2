"""What code, tests and documents cite can be looked up in this repository.

A reader who meets "standards 7.4" or "decision 22" must find the text it names. Before this guard,
tests cited documents that were never in the repository.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.source import ROOT

DOCS = ROOT / "docs"
NUMBERED = {"standards": "standards.md", "statistics": "statistics.md"}
NUMBERED["training data"] = "training-data.md"
SECTION = r"\d+\.\d+(?:\.\d+)*"
CITED = re.compile(
    rf"(?i)\b(?P<document>{'|'.join(NUMBERED)})\s+"
    rf"(?P<sections>{SECTION}(?:(?:,| and)\s+{SECTION})*)"
)
DECISION = re.compile(r"(?i)\bdecisions?\s+(\d+)")
HOUSE_RULE = re.compile(r"(?i)\bhouse\s+rules?\s+(\d+)")
DOCUMENT = re.compile(r"[\w./-]*\w\.md\b")
FOLDERS = (
    *(".ci", "annotations", "benchmarks", "codesign", "docs", "findings"),
    *("modelhub", "requirements", "templates", "tests"),
)
TEXTS = (".py", ".md", ".html", ".txt", ".toml", ".yaml", ".sh", ".js", ".css", ".example")
OF_A_FOLDER_MADE_LATER = {"README.md", "readme.md", "/files/README.md"}
"""The card of a release or a model, which code writes and serves."""


@cache
def texts() -> dict[str, str]:
    """Return path → text of every file of the repository, but for this one."""
    paths = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        paths += (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(paths)
        if path != Path(__file__)
        and (path.suffix in TEXTS or path.name in ("Makefile", "Dockerfile"))
    }


def matches(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield every match with the path and line in which it begins."""
    for name, text in texts().items():
        for match in pattern.finditer(text):
            yield f"{name}:{text.count(chr(10), 0, match.start()) + 1}", match


def sections_of(document: str) -> set[str]:
    """Return the numbers that a document of requirements defines, each once."""
    numbers = re.findall(rf"\*\*({SECTION})\*\*", (DOCS / document).read_text(encoding="utf-8"))
    assert len(numbers) == len(set(numbers)), f"{document} defines a number twice"
    return set(numbers)


@pytest.mark.parametrize("document", sorted(NUMBERED))
def test_cited_sections_exist(document: str) -> None:
    """Prevents citing a requirement that nobody wrote down."""
    known = sections_of(NUMBERED[document])
    cited = {
        (where, section)
        for where, match in matches(CITED)
        if match["document"].lower() == document
        for section in re.findall(SECTION, match["sections"])
    }
    assert known
    assert {f"{where}: {section}" for where, section in cited if section not in known} == set()


def test_standards_are_cited() -> None:
    """Prevents the guard above from passing because its expression finds nothing."""
    assert sum(match["document"].lower() == "standards" for _, match in matches(CITED)) > 100


def test_cited_decisions_exist_and_are_numbered_once() -> None:
    """Prevents citing a decision that does not exist, and two decisions with one number."""
    numbers = [int(path.name[:4]) for path in (DOCS / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers)) > 20
    cited = {(where, int(match[1])) for where, match in matches(DECISION)}
    assert cited
    assert {f"{where}: {number}" for where, number in cited if number not in numbers} == set()


def test_cited_house_rules_exist() -> None:
    """Prevents citing a house rule that nobody wrote down."""
    part = (DOCS / "architecture.md").read_text(encoding="utf-8").split("## House rules")[1]
    known = re.findall(r"(?m)^(\d+)\. ", part.split("\n## ")[0])
    cited = {(where, match[1]) for where, match in matches(HOUSE_RULE)}
    assert cited
    assert {f"{where}: {number}" for where, number in cited if number not in known} == set()


def test_named_documents_exist() -> None:
    """Prevents naming documents that were moved or never committed."""
    missing = {
        f"{where}: {match[0]}"
        for where, match in matches(DOCUMENT)
        if match[0] not in OF_A_FOLDER_MADE_LATER
        and not any((base / match[0]).exists() for base in bases(where))
    }
    assert missing == set()


def bases(where: str) -> tuple[Path, ...]:
    """Return the folders from which a document may be named: root, docs, the file's own."""
    return ROOT, DOCS, (ROOT / where.rpartition(":")[0]).parent
