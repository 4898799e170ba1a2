"""The audit trail in words: readable, and nothing left out."""

from __future__ import annotations

import ast
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from codesign.audit.models import Event
from codesign.desk import rules
from codesign.studies.rules import Role
from tests.factories.compensation import set_rate
from tests.factories.consent import sign
from tests.factories.studies import MemberFactory, staff
from tests.support.source import sources

RECORDING = {"audit.record", "_tell"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "yes"),
        (False, "no"),
        (None, "none"),
        ([], "none"),
        (7, "7"),
        ("stop_use", "no more tasks and no new use of answers"),
        ("held_back", "held back"),
        (["ml_engineer", "auditor"], "ML engineer, auditor"),
        ({"panel": 2, "clinic": 1}, "panel: 2; clinic: 1"),
        ({"preference": {"train": 3}}, "preference: train: 3"),
        ("data/my_file.parquet", "data/my_file.parquet"),
        ("A wrong text was paid twice.", "A wrong text was paid twice."),
    ],
)
def test_values_in_words(value: Any, said: str) -> None:
    assert rules.says(value) == said


@pytest.mark.parametrize(
    ("value", "is_exact"),
    [
        ("0192f0c1-2345-7abc-8def-0123456789ab", True),
        ("0123456789abcdef" * 4, True),
        ("0123456789abcdef" * 3, False),
        ("0123456789abcdeg" * 4, False),
        ("abc", False),
        ("take_part", False),
        (12, False),
        (None, False),
        (["take_part"], False),
    ],
)
def test_an_id_or_a_fingerprint_is_shown_to_be_copied(value: Any, is_exact: bool) -> None:
    (detail,) = rules.details_of({"name": value})
    assert detail.exact is is_exact


def test_details_are_complete() -> None:
    key, digest = str(uuid.uuid4()), "ab" * 32
    data = {"amount_minor": 80, "currency": "GBP", "release": key, "hash": digest, "new_key": "x_y"}
    details = [(str(one.title), one.says, one.exact) for one in rules.details_of(data)]
    assert details == [
        ("Amount for one text", "£0.80", False),
        ("Dataset release", key, True),
        ("Hash of the text (SHA-256)", digest, True),
        ("New key", "x y", False),
    ]
    assert rules.details_of({"amount_minor": 80})[0].says == "80"
    assert rules.details_of({"total_minor": 8000, "currency": "EUR"})[0].says == "€80.00"
    assert rules.details_of({"currency": "GBP"})[0].says == "GBP"
    assert rules.about("pay_rate", "80 GBP").name == "£0.80"
    assert rules.about("unheard_of", "1 x") == rules.About("unheard of", "1 x")


def recorded() -> Iterator[ast.Call]:
    """Every call that writes an event of a study."""
    for name, tree in sources().items():
        if name.startswith(("codesign", "annotations", "modelhub")):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                    "audit.record",
                    "_tell",
                }:
                    yield node


def test_everything_recorded_has_a_word() -> None:
    kinds, names = {"rewrite", "flag"}, set()
    for call in recorded():
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if "study_id" in given:
            about = given["about"]
            assert isinstance(about, ast.Tuple)
            if isinstance(about.elts[0], ast.Constant):
                kinds.add(str(about.elts[0].value))
            names |= {
                key.value
                for part in ast.walk(given.get("data", ast.Constant(None)))
                if isinstance(part, ast.Dict)
                for key in part.keys
                if isinstance(key, ast.Constant)
            }
        elif ast.unparse(call.func) == "_tell":
            names |= {name for name in given if name and name != "actor"}
    assert len(kinds) > 10
    assert kinds - set(rules.KINDS) == set()
    assert names - set(rules.DETAILS) == set()


@pytest.mark.django_db
def test_the_page_says_it_in_words(client: Client) -> None:
    member = MemberFactory.create()
    set_rate(member.cohort)
    record = sign(member)
    engineer, auditor = staff(member.study, Role.ML_ENGINEER), staff(member.study, Role.AUDITOR)
    Event.objects.create(
        action="consent.signed",
        actor_id=engineer.user_id,
        study_id=member.study_id,
        about_kind="member",
        about_id=member.id,
        data={"granted": ["take_part"], "cohort": None},
    )
    client.force_login(auditor.user)
    page = client.get(reverse("desk:trail", kwargs={"slug": member.study.slug})).content.decode()
    page = re.sub(r"\s*(</?d[tdl]>)\s*", r"\1", page)
    for said in (
        f"ML engineer {engineer.pseudonym}",
        f"person <bdi>{member.pseudonym}</bdi>",
        "<dt>Amount for one text</dt><dd><bdi>£0.80</bdi></dd>",
        "<dt>Agreed to</dt><dd><bdi>taking part, training models</bdi></dd>",
        "<dt>Cohort</dt><dd><bdi>none</bdi></dd>",
        f'<code class="text-break">{record.signed_hash}</code>',
    ):
        assert said in page, said
    for raw in ("take_part", "amount_minor", "pay_rate", "consent_version", "ml_engineer"):
        assert raw not in page, raw
