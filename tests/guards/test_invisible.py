"""A text that shows nothing is empty wherever text is asked for: forms, API, imports, services."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.fields import PasswordField
from django import forms
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from annotations.contract.asked import Asked
from annotations.contract.skip import Skip
from annotations.contract.unchecked import UncheckedSubmission
from annotations.contract.values import is_empty
from codesign.accounts.forms import Login
from codesign.accounts.rules import TokenScope
from codesign.accounts.services import make_token
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid
from codesign.studies.rules import Role
from modelhub.rules.imports import import_row
from modelhub.rules.raw_rows import BadRow
from tests.factories.studies import StudyFactory, staff

ROOT = Path(__file__).resolve().parents[2]
OURS = ("annotations", "codesign", "modelhub")
UNSEEN = "\u200b\u3164\u2800\u2060"
CASES = {
    "d36": ["\u200b\u200b", "\u00a0", "\ufeff"],
    "k9": ["\u3164", "\u00ad", "\u2800", "\u202e", "\u0007", "\ufffd\ufffd"],
}
"""Prompts of real files, which were taken, judged and trained on."""


def subclasses(of: type[Any]) -> Iterator[type[Any]]:
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


def fields_of_forms() -> Iterator[tuple[str, forms.Field]]:
    """Every declared field of text of every form, the library's among them."""
    for form in subclasses(forms.BaseForm):
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, forms.CharField) and not isinstance(field, PasswordField):
                yield f"{form.__module__}.{form.__name__}.{name}", field


def test_every_field_of_every_form_takes_it_for_nothing() -> None:
    """Prevents a form that stores invisible characters as an answer."""
    import codesign.config.urls  # noqa: F401  # every form of every page

    checked = 0
    for name, field in fields_of_forms():
        checked += 1
        try:
            cleaned = field.clean(UNSEEN)
        except ValidationError:
            assert field.required, name
        else:
            assert cleaned in (None, ""), name
    assert checked > 40


def test_a_password_is_taken_as_typed() -> None:
    """Prevents a password from being changed while it is read."""
    form = Login(data={"login": "robin@example.org", "password": UNSEEN})
    assert form.fields["password"].clean(UNSEEN) == UNSEEN


def test_the_contract_takes_it_for_nothing() -> None:
    """Prevents an invisible comment, rewrite or flag from counting as feedback."""
    assert is_empty(UNSEEN)
    assert Skip.read(reason="other", note=UNSEEN).note == ""
    asked = Asked(texts={"a": "A reply"}, scales={}, asks=frozenset({"rewrite", "flag"}))
    body = {
        "comment": UNSEEN,
        "rewrites": [{"response": "a", "text": UNSEEN}],
        "flags": [{"response": "a", "harm": "", "severity": None, "note": UNSEEN}],
        "strange": UNSEEN,
    }
    sent = UncheckedSubmission(body).checked(asked)
    assert (sent.comment, sent.rewrites, sent.flags) == ("", (), ())


@pytest.mark.parametrize("prompt", [text for texts in CASES.values() for text in texts])
def test_a_prompt_that_shows_nothing_does_not_come_in(prompt: str) -> None:
    """Prevents people from being paid to judge an empty prompt."""
    for said in (prompt, [{"role": "user", "content": prompt}]):
        with pytest.raises(BadRow, match="is empty"):
            import_row({"prompt": said}, line=1)


@pytest.mark.parametrize("reply", ["\u200b", "\u2060", "\u3164"])
def test_a_reply_that_shows_nothing_does_not_come_in(reply: str) -> None:  # d37
    """Prevents people from being paid to judge an empty response."""
    for one in (reply, {"text": reply}):
        with pytest.raises(BadRow, match="response 1 is empty"):
            import_row({"prompt": "Hello", "responses": [one, "real"]}, line=1)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("external_id", "external_id is neither text nor a number"),
        ("category", "the category .* is unknown"),
        ("language", "language must be a code"),
        ("topics", "the topic .* must be text"),
    ],
)
def test_a_row_whose_field_shows_nothing_is_refused(field: str, said: str) -> None:
    """Prevents an invisible category, language, topic or id, which nobody could find again."""
    value: Any = [UNSEEN] if field == "topics" else UNSEEN
    with pytest.raises(BadRow, match=said):
        import_row({"prompt": "Hello", field: value}, line=1)


def test_a_model_whose_name_shows_nothing_is_no_model() -> None:
    """Prevents a model version without a visible name."""
    row = import_row({"prompt": "Hello", "responses": [{"text": "Hi", "model": UNSEEN}]}, line=1)
    assert row.responses[0].model == ""


@pytest.mark.django_db
def test_the_api_takes_it_for_nothing() -> None:
    """Prevents the API from storing what the forms refuse."""
    study = StudyFactory.create()
    door = APIClient()
    door.force_login(staff(study, Role.COORDINATOR).user)
    path = f"/api/v1/studies/{study.slug}/generation-runs/"
    answer = door.post(path, {"model": UNSEEN}, format="json")
    assert answer.status_code == 400
    assert answer.json()["fields"]["model"] == ["This may not be empty."]


@pytest.mark.django_db
def test_a_token_needs_a_name_that_shows() -> None:
    """Prevents a token that its owner cannot tell from another."""
    user = staff(StudyFactory.create()).user
    with pytest.raises(Invalid, match="name"):
        make_token(
            actor=Actor.of(user), user=user, name=UNSEEN, scopes=[TokenScope.STUDY_READ], days=1
        )


MAY_STRIP = {
    "codesign/accounts/rules.py": "parts of a mail that we wrote",
    "codesign/config/environment.py": "what an operator sets",
    "codesign/config/starting.py": "what an operator sets",
    "modelhub/engine/generate.py": "runs without the rest of the project",
    "modelhub/services/file_rows.py": "bytes of a line",
}


def truths(tree: ast.AST) -> Iterator[ast.expr]:
    """Expressions of which only the truth counts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node.test
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node.operand
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.BoolOp):
            yield from node.values[: None if isinstance(node.op, ast.And) else -1]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "bool":
            yield from node.args


def test_no_code_asks_strip_whether_a_text_says_anything() -> None:
    """Prevents zero-width spaces from counting as text: `strip` knows white space alone."""
    violations = {
        f"{path.relative_to(ROOT)}:{one.lineno}"
        for folder in OURS
        for path in (ROOT / folder).rglob("*.py")
        if str(path.relative_to(ROOT)) not in MAY_STRIP
        for one in truths(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(one, ast.Call)
        if isinstance(one.func, ast.Attribute) and one.func.attr == "strip" and not one.args
    }
    assert not violations
