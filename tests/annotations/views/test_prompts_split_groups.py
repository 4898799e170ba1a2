"""The page that shows which prompts are tied to each other, and why."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Prompt
from annotations.rules.prompts import PromptRow
from annotations.rules.text_kinds import Origin
from annotations.services import prompts as services
from annotations.services.intake import NewResponse
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from codesign.studies.rules import Role
from tests.factories.studies import MemberFactory, StudyFactory, staff
from tests.support.counting import pages_of, queries_of

pytestmark = pytest.mark.django_db
SLEEP = "I lie awake at night because my father does not speak to me"
REPLY = "That sounds hard. " * 10


def row(text: str, name: str, *more: str, **also: object) -> PromptRow:
    said = [{"role": "user", "content": text}]
    for reply, turn in zip(more[::2], more[1::2], strict=True):
        said += [{"role": "assistant", "content": reply}, {"role": "user", "content": turn}]
    return PromptRow(messages=said, external_id=name, **also)  # type: ignore[arg-type]


@pytest.fixture
def study() -> Study:
    study: Study = StudyFactory.create()
    rows = [
        row(SLEEP, "near-1"),
        row(SLEEP + " now", "near-2", held_out=True),
        row(SLEEP, "talk", "Since when?", "Since spring."),
        row("My exams begin", "family-1", family="f"),
        row("Nobody calls", "family-2", family="f"),
        row("Same words here", "same-1"),
        row("Same words here", "same-2"),
        row("What now?", "reply-1"),
        row("Why me?", "reply-2"),
        row("Alone it stands", "alone"),
    ]
    services.add_prompts(actor=SYSTEM, study=study, rows=rows)
    answered = Prompt.objects.filter(external_id__startswith="reply")
    services.add_responses(
        actor=SYSTEM,
        study=study,
        new=[
            NewResponse(prompt=one, text=REPLY, origin=Origin.AI, source=uuid.uuid4())
            for one in answered
        ],
    )
    return study


def page(study: Study, role: str = Role.COORDINATOR, query: str = "") -> tuple[int, str]:
    client = Client()
    client.force_login(staff(study, role).user)
    answer = client.get(reverse("annotations:prompt-groups", args=[study.slug]) + query)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ML_ENGINEER])
def test_groups_are_shown_the_largest_first_with_what_ties_them(study: Study, role: Role) -> None:
    status, said = page(study, role)
    assert status == 200
    plain = re.sub(r"\\s+", " ", re.sub(r"<[^>]+>", " ", said))
    assert plain.index("near-2") < min(plain.index(name) for name in ("family-1", "same-1"))
    for words in (
        "the same beginning, nearly the same text",
        "one family",
        "the same text",
        "the same reply",
        "1 prompt is held out.",
    ):
        assert words in plain
    assert "alone" not in plain
    assert ("/prompts/" + str(Prompt.objects.get(external_id="near-1").id) in said) is (
        role == Role.COORDINATOR
    )


def test_other_roles_are_refused(study: Study) -> None:
    for role in (Role.AUDITOR, Role.SAFETY_LEAD):
        assert page(study, role)[0] == 403
    panelist = Client()
    panelist.force_login(MemberFactory.create(cohort__study=study).user)
    address = reverse("annotations:prompt-groups", args=[study.slug])
    assert panelist.get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_groups_of_another_study_are_not_shown(study: Study) -> None:
    other = StudyFactory.create()
    assert "near-1" not in page(other)[1]
    assert "No prompts are similar to each other." in page(other)[1]


def test_many_groups_come_in_pages_with_as_many_queries(study: Study) -> None:
    client = Client()
    client.force_login(staff(study).user)
    address = reverse("annotations:prompt-groups", args=[study.slug])
    few = queries_of(client, address)
    rows = [
        row(f"{chr(97 + n % 26) * 6} {chr(97 + n // 26) * 5} twins", f"twin-{n}-{of}")
        for n in range(45)
        for of in range(2)
    ]
    services.add_prompts(actor=SYSTEM, study=study, rows=rows)
    assert queries_of(client, address) == few
    pages = pages_of(client, address)
    twins = [name for said in pages for name in re.findall(r">(twin-\d+-\d)</a>", said)]
    assert len(pages) == 3
    assert len(twins) == len(set(twins)) == 90
