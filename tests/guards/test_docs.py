"""Documents say what is so: links lead somewhere, settings and files are the real ones."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from django.core.management import get_commands

from annotations.datasets.plumbing.retraction_signing import RetractionSigner
from annotations.rules.prompts import PromptRow, RowProblem, fields_problem
from annotations.rules.releases import DropReason
from codesign.config import environment
from modelhub.rules.prepare import COLUMNS
from tests.support.source import ROOT

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS, ROOT / "findings/README.md"]
DECISIONS = [path for path in DOCS if path.parent.name == "decisions" and path.name[0] == "0"]
PARTS = ["Context", "Decision", "Alternatives", "Consequences"]
APPS = ("annotations", "codesign", "modelhub")
CALLED_BY_OTHERS = {"build_fonts", "demo_study"}
"""Commands that `prepare` and `make run` call; nobody types them."""
MOST_WORDS = 600
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
PATH = re.compile(
    r"`((?:\.ci|annotations|benchmarks|codesign|docs|modelhub|templates|tests)/[^`\s]*)`"
)
ROW = re.compile(r"(?m)^\| `(\w+)` \|([^|]*)\|")
READ_ELSEWHERE = {
    "WEB_HOST": "codesign/config/gunicorn.py",
    "TLS_CERTIFICATE": "codesign/config/environment.py",
    "TLS_KEY": "codesign/config/environment.py",
    "DATABASE_OWNER_URL": "codesign/config/management/commands/prepare.py",
    "DATABASE_ADMIN_URL": "codesign/config/management/commands/prepare.py",
    "CODESIGN_DEMO": "codesign/config/supervisor.py",
}
"""Settings that are not fields of `Environment`, and where each is read."""


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    """Prevents links that lead to an error page after a file or heading was renamed."""
    dead = []
    for target in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = path.parent / name if name else path
        if not there.exists() or (anchor and anchor not in anchors(there.read_text())):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_named_files_exist(path: Path) -> None:
    """Prevents documents from naming modules that were moved."""
    named = PATH.findall(path.read_text(encoding="utf-8"))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_names_in_the_table_of_rules_are_in_their_files() -> None:
    """Prevents the table of rules from naming a function that is not in its file."""
    part = page("docs/architecture.md").split("## Where each rule is")[1].split("\n## ")[0]
    named = re.findall(r"`(\w+)`(?: of `\w+`)? in `([\w/.]+)`", part)
    assert len(named) > 12
    assert {f"{name} in {path}" for name, path in named if name not in page(path)} == set()


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name[:4])
def test_a_decision_has_its_number_and_its_four_parts(path: Path) -> None:
    """Prevents a decision that nobody can revisit, since its alternatives are unknown."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert re.findall(r"(?m)^## (.+)$", text) == PARTS
    assert f"({path.name})" in page("docs/decisions/README.md")


def test_the_picture_of_the_apps_shows_the_contract() -> None:
    """Prevents a picture that shows an order of apps which import-linter refuses."""
    contracts = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = [name.rpartition(".")[2] for name in contracts[0]["layers"]]
    part = page("docs/architecture.md").split("## The apps")[1].split("\n## ")[0]
    assert list(dict.fromkeys(re.findall(r'(\w+)\["\w+: ', part))) == layers


def test_commands_in_the_table_are_those_that_exist() -> None:
    """Prevents commands that are documented and missing, or there and unknown."""
    own = {name for name, app in get_commands().items() if app.startswith(APPS)}
    part = page("docs/deployment.md").split("## Commands")[1]
    cells = re.findall(
        r"(?m)^\| (`[^|]*`) \|", part.replace("{training,evaluation,publication}", "")
    )
    told = {name for cell in cells for name in re.findall(r"`(\w+)", cell)}
    assert told == own - CALLED_BY_OTHERS


def test_workers_of_the_page_are_those_of_the_containers() -> None:
    """Prevents a queue that no documented worker reads, whose work would wait for ever."""
    queues = re.compile(r"celery worker --queues (\w+)")
    told = queues.findall(page("docs/deployment.md"))
    assert sorted(told) == sorted(queues.findall(page("compose.yaml"))) != []


def test_findings_lists_its_scripts() -> None:
    """Prevents findings without a script, and scripts that nobody knows of."""
    listed = set(re.findall(r"(?m)^\| `([\w.]+)` \|", page("findings/README.md")))
    assert listed == {path.name for path in (ROOT / "findings").glob("*.sh")} != set()


def test_readme_is_short_and_names_both_commands() -> None:
    """Prevents a first page that a visitor does not read to the end."""
    text = page("README.md")
    assert len(text.split()) <= MOST_WORDS
    for command in ("make run", "make test"):
        assert re.search(rf"(?m)^{command}\b", text)


def test_every_page_is_reached_from_the_readme() -> None:
    """Prevents pages that nothing links to, which nobody reads or updates."""
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop().resolve()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        targets = LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
        waiting += [path.parent / one.partition("#")[0] for one in targets if "://" not in one]
    assert {path for path in PAGES if path.resolve() not in seen} == set()


class Asked(dict[str, str]):
    """Variables that note which names were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return default


def test_settings_in_the_table_are_those_that_are_read(tmp_path: Path) -> None:
    """Prevents settings that are documented and not read, or read and not documented."""
    asked = Asked()
    environment.read(asked, root=tmp_path)
    for name, source in READ_ELSEWHERE.items():
        assert name in page(source)
    documented = [name for name, _ in ROW.findall(page("docs/deployment.md")) if name.isupper()]
    assert len(documented) == len(set(documented))
    assert set(documented) == asked.names | set(READ_ELSEWHERE)


def test_defaults_in_the_table_are_the_real_ones(tmp_path: Path) -> None:
    """Prevents a documented default that is not the real one."""
    plain = environment.read({}, root=tmp_path)
    rows = [
        (name, default.strip(" `")) for name, default in ROW.findall(page("docs/deployment.md"))
    ]
    defaults = {name: default for name, default in rows if name.isupper() and default}
    assert len(defaults) > 15
    for name, default in defaults.items():
        value = str(tmp_path / default) if name == "CODESIGN_HOME" else default
        assert environment.read({name: value}, root=tmp_path) == plain, name


def test_columns_of_imports_are_those_that_are_read() -> None:
    """Prevents a file that follows the documentation from losing a column."""
    part = page("docs/data-formats.md").split("### Columns")[1].split("###")[0]
    assert {name for name, _ in ROW.findall(part)} == COLUMNS


def test_the_error_of_a_row_reads_as_shown() -> None:
    """Prevents documented errors that differ from those that people see and search for."""
    problem = fields_problem(PromptRow(messages=[], intensity=4))
    assert problem is not None
    assert str(RowProblem(line=12, problem=problem)) in page("docs/data-formats.md")


def test_a_retraction_is_verified_as_shown() -> None:
    """Prevents documented code that accepts a forged entry, or refuses a signed one."""
    part = page("docs/data-formats.md").split("## Retractions")[1]
    code = re.findall(r"```python\n(.*?)```", part, re.DOTALL)[-1]
    names: dict[str, Any] = {}
    exec(code, names)
    signer = RetractionSigner(b"a secret of a study, 32 bytes lng")
    entry = {"release_number": 1, "records": {"sft": ["é"], "judgements": []}}
    signed = entry | {"signature": signer.sign(entry)}
    names["verify"](signed, signer.public_key())
    with pytest.raises(InvalidSignature):
        names["verify"](signed | {"release_number": 2}, signer.public_key())


def test_configs_and_columns_of_releases_are_those_that_are_written() -> None:
    """Prevents columns under other names than those that recipients write code for."""
    from annotations.datasets.plumbing.schemas import schemas

    part = page("docs/data-formats.md").split("### Configs")[1].split("###")[0]
    told = {name: re.findall(r"`(\w+)`", columns) for name, columns in ROW.findall(part)}
    assert told == {name: schema.names for name, schema in schemas().items()}


def test_reasons_for_dropped_rows_are_those_that_are_counted() -> None:
    """Prevents a reason in a manifest that a recipient cannot look up."""
    part = page("docs/data-formats.md").split("### Why rows are dropped")[1].split("\n## ")[0]
    assert [name for name, _ in ROW.findall(part)] == [str(reason) for reason in DropReason]


def test_modules_have_no_name_that_the_glossary_replaced() -> None:
    """Prevents the replaced words from coming back one file at a time."""
    part = page("docs/glossary.md").split("## Names of modules")[1]
    replaced = {old for _, cell in ROW.findall(part) for old in re.findall(r"`(\w+)`", cell)}
    assert len(replaced) > 10
    modules = {path for package in APPS for path in (ROOT / package).rglob("*.py")}
    assert {path.relative_to(ROOT) for path in modules if path.stem in replaced} == set()
