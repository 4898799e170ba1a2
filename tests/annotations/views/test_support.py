"""Help comes with the answer to somebody who writes that they want to die."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from annotations.models import Flag, Judgement, OwnText
from annotations.rules.own_texts import OwnKind
from codesign.care.models import Case
from codesign.studies.models import Member
from tests.factories.annotations import (
    add_task,
    answers,
    judge,
    judging_round,
)
from tests.factories.studies import staff
from tests.support.judging_api import Caller
from tests.support.judging_page import (
    cohort_of,
    filled,
    held,
    judge_url,
    judged,
    one_url,
    signed_in,
)
from tests.support.pages import flowed

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
    for wish in ("save", "help"):
        answer = client.post(one_url(first), filled(first, comment=SAID, do=wish), follow=True)
        assert TITLE not in answer.content.decode()
    assert not OwnText.objects.exists()


@pytest.mark.parametrize("leave", [{"skip": "too_close"}, {"do": "later"}, {"do": "stop"}])
@pytest.mark.parametrize("field", ["comment", "rewrite-A", "note-B"])
def test_who_leaves_a_text_with_such_words_in_the_form_sees_help(
    member: Member, leave: dict[str, str], field: str
) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first, do=None) | {field: SAID} | leave
    page = client.post(one_url(first), sent, follow=True).content.decode()
    assert page.count("autofocus") == 1
    assert page.index("<h1") < page.index(TITLE)
    assert "What you wrote is still private." in page
    assert "counts like any other" not in page
    stopped = reverse("annotations:judge-stopped", kwargs={"slug": member.study.slug})
    assert TITLE not in client.get(stopped, follow=True).content.decode()
    assert not OwnText.objects.exists()
    assert not Case.objects.exists()


def test_a_reply_that_nobody_changed_is_not_the_persons_own_words() -> None:
    member = judge()
    made = judging_round(cohort_of(member), tasks=0)
    add_task(made, text=SAID)
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first, do=None) | {"rewrite-A": SAID, "skip": "too_close"}
    assert TITLE not in client.post(one_url(first), sent).content.decode()


def test_the_api_answers_drafts_and_skips_with_support(member: Member) -> None:
    caller = Caller(member)
    path = f"assignments/{caller.lease().json()['id']}"
    body = answers(held(member), comment=SAID)
    draft = caller.send("PUT", f"{path}/draft/", body).json()
    assert draft["support"]["lines"]
    assert "question" not in draft["support"]
    assert "support" not in caller.send("PUT", f"{path}/draft/", {"comment": "Fine."}).json()
    skip = {"reason": "too_close", "comment": SAID}
    assert "support" in caller.send("POST", f"{path}/skip/", skip).json()
    assert not OwnText.objects.exists()
    assert not Case.objects.exists()


def test_at_imminent_risk_the_page_says_who_reads_the_words(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    sent = filled(first, comment="I am going to kill myself tonight.")
    page = flowed(client.post(one_url(first), sent).content)
    case = Case.objects.get()
    own = reverse("care:own-case", kwargs={"slug": member.study.slug, "case_id": case.id})
    assert "nobody else sees it" not in page
    assert "The safety lead of the study can read it" in page
    assert f'<a href="{own}"' in page


def test_a_correction_asks_about_the_case_of_its_own_text(member: Member) -> None:
    client, caller = signed_in(member), Caller(member)
    for words in ({"comment": SAID}, {"rewrite-A": SAID}):
        client.get(judge_url(member))
        client.post(one_url(held(member)), filled(held(member)) | words)
    first, second = Case.objects.order_by("created_at")
    assert first.about is not None
    first_sent = Judgement.objects.get(id=first.about).assignment
    keys = {"slug": member.study.slug, "assignment_id": first_sent.id}
    sent = filled(first_sent, score=2, comment=SAID, revision=2, key=None, do=None)
    page = client.post(reverse("annotations:mine-correct", kwargs=keys), sent, follow=True)
    assert str(first.id) in page.content.decode()
    assert str(second.id) not in page.content.decode()
    body = answers(first_sent, comment=SAID)
    corrected = caller.send("PUT", f"assignments/{first_sent.id}/judgement/revisions/3/", body)
    assert corrected.status_code == 200
    assert str(first.id) in corrected.json()["support"]["question"]


def test_a_note_in_a_review_asks_about_the_case_of_its_own_decision(member: Member) -> None:
    one, other = (judged(member) for _ in range(2))
    client = signed_in(staff(member.study))

    def dismiss(flag: Flag) -> str:
        keys = {"slug": member.study.slug, "kind": "flags", "item_id": flag.id}
        sent = {"state": "dismissed", "note": SAID}
        page = client.post(reverse("annotations:review-decide", kwargs=keys), sent, follow=True)
        return page.content.decode()

    dismiss(one[1])
    dismiss(other[1])
    first, second = Case.objects.order_by("created_at")
    again = dismiss(one[1])
    assert str(first.id) in again
    assert str(second.id) not in again


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
