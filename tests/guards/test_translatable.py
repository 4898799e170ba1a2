"""Every text that people read on pages, in mails and in API errors is marked for translation.

The failure that this prevents: a sentence is added without gettext, so that it stays English on a
translated page and nobody notices. Not covered, because developers and operators read it, in
English as in Django and REST framework: the terminal (management commands, the supervisor, the
training engine), logs, exceptions for bugs, and the OpenAPI description (help texts of serializers
and models, examples).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from codesign.shared import errors

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("codesign", "annotations", "modelhub")
TERMINAL = ("codesign/accounts/commands.py", "codesign/config/", "modelhub/engine/")
WITHOUT_SETTINGS = ("annotations/datasets/", "annotations/rules/prompts.py")
"""Used in processes without Django's settings: those that build releases, whose bytes must not
depend on a language, and those that read rows of files, whose errors are stored with the import."""
NOT_SHOWN: dict[str, str] = {
    "annotations/api/openapi_examples.py": "examples of the OpenAPI description",
    "annotations/api/releases.py": "RANGE describes a header in the OpenAPI description",
    "annotations/contract/draft.py": "describes drafts in the OpenAPI description",
    "annotations/rules/simulated_judgements.py": "texts of simulated judgements are data",
    "codesign/consent/rules.py": "MEANING is stored with a signature, in the language signed",
    "codesign/desk/services/simulated_judgements.py": "NOTE is stored with example decisions",
    "codesign/shared/serializers.py": "WHY and SUCH_AS describe errors in the OpenAPI schema",
    "modelhub/api/openapi_examples.py": "examples of requests and answers in the OpenAPI schema",
}
"""Files with unmarked sentences at module level that are data or API documentation, and why."""

MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}
REFUSALS = {name for name, value in vars(errors).items() if isinstance(value, type)}
ARGUMENTS: dict[str, set[int | str]] = {
    **{refusal: {0, 1, "title", "fields"} for refusal in REFUSALS},
    "AuthenticationFailed": {0},
    "Column": {0, "title"},
    "Gap": {0, "says"},
    "NavLink": {0, "label"},
    "ParseError": {0},
    "PermissionDenied": {0},
    "PublishCheck": {"title", "says", "label"},
    "Question": {"heading", "points", "button"},
    "Step": {"says", "label"},
    "ValidationError": {0},
    "action": {1, "says"},
    "send_mail": {"subject", "body"},
}
"""Callee → positions and names of the arguments that people read."""
OF_MESSAGES = {"debug", "info", "success", "warning", "error"}
OF_FIELDS = {"label", "help_text", "choices", "error_messages"}
OF_SCHEMA = {"help_text", "description"}
"""Keywords and keys of the OpenAPI description; those of form fields are checked by themselves."""
UNREAD_CALLS = {
    *("CommandError", "BadRequest", "RuntimeError", "TypeError", "ServerError", "KeyError"),
    "TransactionManagementError",
    *("OpenApiExample", "OpenApiResponse", "OpenApiParameter", "extend_schema"),
}
"""What they are given is read by developers or operators."""
UNREAD_MODULES = {"log", "logging", "models", "serializers", "pgtrigger", "sql", "re"}
SENTENCE = re.compile(r"[A-Z“][\w’'-]* \S.*[.?!:]", re.DOTALL)
WORD = re.compile(r"[A-Za-z]{2,}")

SPOKEN_ATTRIBUTES = {"title", "alt", "aria-label", "placeholder"}
SILENT_ELEMENTS = {"script", "style", "svg"}
COMMENT = re.compile(r"\{% comment .*?endcomment %\}|\{#.*?#\}", re.DOTALL)
BLOCK = re.compile(
    r"\{% blocktrans(?:late)?\b(.*?)%\}(.*?)\{% endblocktrans(?:late)? %\}", re.DOTALL
)
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
NAMES = {"Codesign", "UTC", "SHA"}
SENTENCE_IN_SCRIPT = re.compile(r"""(["'`])([A-Z][a-z]+ [a-z][^"'`\n]*)\1""")

Unmarked = tuple[str, int, str]
"""(file, line, text)"""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_read(path: Path) -> bool:
    """Whether a file speaks to people rather than to a terminal."""
    name = name_of(path)
    if name.startswith(WITHOUT_SETTINGS):
        return False
    terminal = name.startswith(TERMINAL) and name != "codesign/config/views.py"
    return not terminal and not {"migrations", "management"} & set(path.parts)


class Source:
    """A Python file with the parents of its nodes."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.tree = ast.parse(text)
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node

    def unmarked(self) -> Iterator[Unmarked]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                for argument in read_arguments(node):
                    yield from self.literals(argument, WORD.search)
            elif isinstance(node, ast.Constant | ast.JoinedStr) and not self.is_unread(node):
                yield from self.literals(node, SENTENCE.fullmatch)

    def literals(self, node: ast.AST, wanted: object) -> Iterator[Unmarked]:
        """Texts within an expression that no gettext call marks; names lead to assignments."""
        if isinstance(node, ast.Constant | ast.JoinedStr):
            if wanted(text := text_of(node)):  # type: ignore[operator]
                yield self.name, node.lineno, text
        elif isinstance(node, ast.Name):
            for value in self.assigned(node):
                yield from self.literals(value, wanted)
        elif isinstance(node, ast.BinOp | ast.List | ast.Tuple | ast.Set | ast.IfExp | ast.Starred):
            for child in ast.iter_child_nodes(node):
                if not isinstance(node, ast.IfExp) or child is not node.test:
                    yield from self.literals(child, wanted)
        elif isinstance(node, ast.Dict):
            for value in node.values:
                yield from self.literals(value, wanted)

    def assigned(self, name: ast.Name) -> Iterator[ast.AST]:
        """What a name was assigned in its function, or at the top of the file."""
        functions = [n for n in self.above(name) if isinstance(n, ast.FunctionDef)]
        for scope in [*functions, self.tree]:
            for node in ast.walk(scope):
                if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Name):
                    names = [n.id for n in node.targets if isinstance(n, ast.Name)]
                    if name.id in names:
                        yield node.value

    def is_unread(self, node: ast.AST) -> bool:
        """Whether a text is marked, a docstring, or for developers and operators."""
        if isinstance(self.parents.get(node), ast.Expr | ast.JoinedStr | ast.FormattedValue):
            return True
        above = [*self.above(node)]
        at_top = not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in above)
        if at_top and self.name in NOT_SHOWN:
            return True
        for parent in [node, *above]:
            over = self.parents.get(parent)
            if isinstance(over, ast.keyword) and over.arg in OF_SCHEMA:
                return True
            if isinstance(over, ast.Dict) and parent in over.values:
                key = over.keys[over.values.index(parent)]
                if isinstance(key, ast.Constant) and key.value in OF_SCHEMA:
                    return True
        for call in (n for n in above if isinstance(n, ast.Call)):
            callee = ast.unparse(call.func).split(".")
            if {callee[0], callee[-1]} & (MARKS | UNREAD_CALLS | UNREAD_MODULES):
                return True
        return False


def text_of(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(v) if isinstance(v, ast.Constant) else "X" for v in node.values)
    return node.value if isinstance(node.value, str) else ""


def read_arguments(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that people read."""
    callee = ast.unparse(call.func).split(".")
    wanted = ARGUMENTS.get(callee[-1], set())
    if callee[0] == "messages" and callee[-1] in OF_MESSAGES:
        wanted = {1}
    if callee[0] == "forms":
        wanted = {*OF_FIELDS}
    for position, argument in enumerate(call.args):
        if position in wanted:
            yield argument
    for keyword in call.keywords:
        if keyword.arg in wanted:
            yield keyword.value


class Page(HTMLParser):
    """Collects texts and spoken attributes of a template whose tags have been removed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT_ELEMENTS
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES and value and WORD.search(value):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT_ELEMENTS

    def handle_data(self, data: str) -> None:
        words = set(WORD.findall(data)) - NAMES
        if words and not self.silent:
            self.found.append((self.getpos()[0], " ".join(data.split())))


def in_template(name: str, text: str) -> Iterator[Unmarked]:
    """Texts outside of translation tags, and blocks over several lines that are not trimmed."""
    text = blank(COMMENT, text)
    for block in BLOCK.finditer(text):
        if "\n" in block[2] and "trimmed" not in block[1] and name.endswith(".html"):
            line = text.count("\n", 0, block.start()) + 1
            yield name, line, f"not trimmed: {' '.join(block[2].split())}"
    text = blank(TAG, blank(BLOCK, text))
    page = Page()
    page.feed(text)
    page.close()
    for line, untranslated in page.found:
        yield name, line, untranslated


def blank(pattern: re.Pattern[str], text: str) -> str:
    """The text without what matches, keeping line numbers."""
    return pattern.sub(lambda match: "\n" * match[0].count("\n"), text)


def in_script(name: str, text: str) -> Iterator[Unmarked]:
    """Sentences in a script: pages give scripts their words in data attributes."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith(("//", "*", "/*")):
            for match in SENTENCE_IN_SCRIPT.finditer(line):
                yield name, number, match[2]


@cache
def unmarked() -> list[Unmarked]:
    texts: list[Unmarked] = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if is_read(path):
                texts += Source(name_of(path), path.read_text()).unmarked()
        for path in sorted((ROOT / package).rglob("*.js")):
            texts += in_script(name_of(path), path.read_text())
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            texts += in_template(name_of(path), path.read_text())
    return sorted(set(texts))


@pytest.mark.parametrize(
    "code",
    [
        'raise Invalid("Too short.")',
        'raise Invalid(f"Use at most {n} letters.")',
        'raise Invalid(_("Wrong."), {"name": ["too short"]})',
        'def f():\n    sentence = "too short"\n    raise Conflict(sentence)',
        'messages.success(request, "Saved")',
        'name = forms.CharField(label="Name")',
        'action("study.made", "created a study")',
        'AWAY = "The server is away. Try again."',
    ],
)
def test_the_guard_finds_an_unmarked_text_in_code(code: str) -> None:
    """Prevents a guard that overlooks texts in code."""
    assert [*Source("example.py", code).unmarked()]


@pytest.mark.parametrize(
    "code",
    [
        'raise Invalid(_("Too short."))',
        'raise Invalid(_("Use at most %(n)d letters.") % {"n": n})',
        'raise Conflict(_("Gone."), reason="not_yet")',
        'log.warning("The server is away. Retrying.")',
        'def f():\n    """Return the name. Never empty."""',
    ],
)
def test_the_guard_accepts_a_marked_text_and_one_for_developers(code: str) -> None:
    """Prevents a guard that refuses texts for developers."""
    assert not [*Source("example.py", code).unmarked()]


@pytest.mark.parametrize(
    "template",
    [
        "<p>Saved</p>",
        '<a href="/" title="Home"></a>',
        "{% blocktranslate %}\nSaved\n{% endblocktranslate %}",
    ],
)
def test_the_guard_finds_an_unmarked_text_in_a_template(template: str) -> None:
    """Prevents a guard that overlooks texts in templates."""
    assert [*in_template("example.html", template)]


def test_every_text_for_people_is_marked_for_translation() -> None:
    """Prevents English sentences on translated pages."""
    left = unmarked()
    assert not left, "\n".join(f"{name}:{line}: {text}" for name, line, text in left)


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_an_exempt_file_still_has_unmarked_sentences(name: str) -> None:
    """Prevents exemptions that are no longer needed."""
    source = Source(name, (ROOT / name).read_text())
    constants = [node for node in source.tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    assert any(
        SENTENCE.fullmatch(text_of(node))
        for constant in constants
        for node in ast.walk(constant)
        if isinstance(node, ast.Constant)
    )
