"""Help comes with the answer to somebody who writes that they want to die."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from annotations.models import OwnText
from annotations.rules.own_texts import OwnKind
from codesign.studies.models import Member
from tests.factories.annotations import answers, judge, judging_round
from tests.support.judging_api import Caller
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url, signed_in

pytestmark = pytest.mark.django_db

SAID = "Honestly I just want to die."
TITLE = "Thank you for writing this down."


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=5, overlap=2)
    return member


def own_url(member: Member) -> str:
    return reverse("annotations:own-texts", kwargs={"slug": member.study.slug})


@pytest.mark.parametrize("field", ["comment", "rewrite-A", "skip_note"])
def test_the_next_page_shows_help_first(member: Member, field: str) -> None:  # standards 4.9
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first) | {field: SAID}
    if field == "skip_note":
        sent = {"skip": "too_close", "skip_note": SAID}
    answer = client.post(one_url(first), sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("autofocus") == 1
    assert page.index("<h1") < page.index(TITLE) < page.index("blockquote")
    assert 'href="tel:116123"' in page
    assert f'href="{own_url(member)}"' in page
    assert "counts like any other" in page
    assert TITLE not in client.get(judge_url(member)).content.decode()


def test_other_words_show_nothing_and_store_nothing(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    page = client.post(one_url(first), filled(first, comment="This commute kills me")).content
    assert TITLE not in page.decode()
    assert not OwnText.objects.exists()


def test_a_refused_request_shows_help_too(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    answer = client.post(one_url(first), filled(first, comment=SAID, comparison=None))
    assert answer.status_code == 422
    assert TITLE in answer.content.decode()
    assert "counts like any other" not in answer.content.decode()
    assert not OwnText.objects.exists()
    client.post(one_url(first), filled(first))
    answer = client.post(one_url(first), filled(first, comment=SAID, key="another"))
    assert answer.status_code == 409
    assert TITLE in answer.content.decode()


def test_a_draft_is_visible_to_nobody_else(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    for wish in ("save", "stop", "help"):
        answer = client.post(one_url(first), filled(first, comment=SAID, do=wish), follow=True)
        assert TITLE not in answer.content.decode()
    assert not OwnText.objects.exists()


def test_a_repeated_request_shows_help_again(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first, comment=SAID)
    for _ in range(2):
        assert TITLE in client.post(one_url(first), sent).content.decode()
    assert OwnText.objects.count() == 1


def test_the_api_answers_with_support_and_again_for_the_same_key(member: Member) -> None:
    caller = Caller(member)
    leased = caller.lease().json()
    body = answers(held(member), comment=SAID)
    submitted = [caller.submit(leased["id"], body).json() for _ in range(2)]
    assert submitted[0]["judgement"] == submitted[1]["judgement"]
    assert submitted[0]["support"] == submitted[1]["support"]
    support = submitted[0]["support"]
    assert {line["phone"] for line in support["lines"]} >= {"116 123", "988"}
    assert support["own_texts"] == own_url(member)
    assert support["help"] == reverse("care:help")
    assert OwnText.objects.count() == 1


def test_the_api_answer_has_no_support_without_a_statement(member: Member) -> None:
    caller = Caller(member)
    leased = caller.lease().json()
    answer = caller.submit(leased["id"], answers(held(member), comment="Fine.")).json()
    assert set(answer) == {"judgement", "next", "pay_held", "rest"}
    skipped = f"assignments/{answer['next']['id']}/skip/"
    said = caller.send("POST", skipped, {"reason": "other", "note": "Long."}).json()
    assert set(said) == {"next", "pay_held", "rest"}


@pytest.mark.parametrize("note", [SAID, "Me quiero morir", "أريد أن أموت"])
def test_the_note_of_a_skip_can_be_private(member: Member, note: str) -> None:
    caller = Caller(member)
    leased = caller.lease().json()
    path = f"assignments/{leased['id']}/skip/"
    answer = caller.send("POST", path, {"reason": "too_close", "note": note})
    assert answer.status_code == 200
    assert "support" in answer.json()
    (text,) = OwnText.objects.all()
    assert (text.kind, text.about, text.member) == (
        OwnKind.SKIP_NOTE,
        uuid.UUID(leased["id"]),
        member,
    )


@pytest.mark.parametrize("body", [{"rewrites": 7}, {"rewrites": [[1]]}, {"flags": [{"note": 3}]}])
def test_an_invalid_body_is_refused(member: Member, body: Any) -> None:
    caller = Caller(member)
    leased = caller.lease().json()
    sent = answers(held(member), comment=SAID) | body
    assert caller.submit(leased["id"], sent).status_code == 400


def test_the_lines_of_the_study_and_of_the_persons_language_come_first(member: Member) -> None:
    member.user.language = "es"
    member.user.save()
    caller = Caller(member)
    leased = caller.lease().json()
    answer = caller.submit(leased["id"], answers(held(member), comment="quiero morir")).json()
    lines = answer["support"]["lines"]
    assert [line["country"] for line in lines[:3]] == ["United Kingdom"] * 2 + ["United States"]
    assert (lines[1]["name"], lines[1]["example"]) == ("Samaritans", False)
    assert lines[2]["example"]
    assert len(lines) == 19
