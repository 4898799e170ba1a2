"""A person's own way to support."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import Assignment
from codesign.care.models import Case, CheckIn
from codesign.care.services import cases
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease
from tests.factories.cases import lead_of, noticed, opened, with_times
from tests.factories.studies import MemberFactory, staff
from tests.support.judging_page import cohort_of, judge_url, one_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


def address(case: Case) -> str:
    return reverse("care:own-case", kwargs={"slug": case.study.slug, "case_id": case.id})


@pytest.mark.parametrize("role", sorted(Role))
def test_everybody_in_a_study_can_tell_the_safety_lead(role: Role) -> None:
    study = MemberFactory.create().study  # staff read the same texts: standards 4.14
    if role in (Role.PANELIST, Role.CLINICIAN):
        member = MemberFactory.create(cohort__study=study, cohort__role=role)
    else:
        member = staff(study, role)
    client = signed_in(member)
    ask = reverse("care:ask", kwargs={"slug": study.slug})
    assert "Tell the safety lead" in client.get(ask).content.decode()
    assert not Case.objects.exists()
    page = client.post(ask, follow=True).content.decode()
    assert Case.objects.get().member == member
    assert "May somebody contact you?" in page


def test_a_stranger_is_not_let_in() -> None:
    study = MemberFactory.create().study
    ask = reverse("care:ask", kwargs={"slug": study.slug})
    assert signed_in(MemberFactory.create()).post(ask).status_code == 404
    assert Client().post(ask).status_code == 302
    assert not Case.objects.exists()


def test_nobody_else_opens_the_page_of_a_case() -> None:
    case = opened()
    others = [
        lead_of(case.study),
        staff(case.study),
        MemberFactory.create(cohort=case.member.cohort),
    ]
    for other in others:
        assert signed_in(other).get(address(case)).status_code == 404
    assert signed_in(case.member).get(address(case)).status_code == 200


@pytest.mark.parametrize(
    ("answer", "asks_contact"),
    [("me", True), ("not_sure", True), ("text", False), ("not_said", False)],
)
def test_contact_is_asked_where_the_words_are_about_the_person(
    answer: str, asks_contact: bool
) -> None:
    case = noticed()
    client = signed_in(case.member)
    page = client.post(address(case), {"do": "answer", "answer": answer}, follow=True)
    assert ("May somebody contact you?" in page.content.decode()) == asks_contact
    assert "116 123" in page.content.decode()  # help, whatever the answer


@pytest.mark.parametrize("answer", ["", "text", "not_said"])
@pytest.mark.parametrize("urgency", ["imminent", "concern"])
def test_what_the_safety_lead_sees_already_is_said_whatever_the_answer(
    answer: str, urgency: str
) -> None:
    case = noticed(urgency=urgency)
    if urgency == "concern":  # silence
        with_times(case, opens_at=timezone.now())
        assert cases.open_unanswered() == 1
    client = signed_in(case.member)
    if answer:
        client.post(address(case), {"do": "answer", "answer": answer})
    page = flowed(client.get(address(case)).content)
    assert "The safety lead of this study can read" in page
    assert "That is fine. These words stay private" not in page
    assert "May somebody contact you?" in page


def test_the_choice_of_contact_is_shown_again() -> None:
    case = opened()
    client = signed_in(case.member)
    sent = {"do": "contact", "contact": "phone", "number": "0123 456"}
    page = client.post(address(case), sent, follow=True).content.decode()
    assert "Your choice is saved." in page
    assert 'value="0123 456"' in page


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"do": "answer", "answer": ""}, "Please choose one."),
        ({"do": "answer", "answer": "you"}, "Please choose one from the list."),
        ({"do": "contact", "contact": "post"}, "Please choose one from the list."),
        ({"do": "contact", "contact": "phone", "number": " "}, "type the number"),
    ],
)
def test_what_is_missing_is_said(sent: dict[str, str], says: str) -> None:
    case = noticed()
    client = signed_in(case.member)
    client.post(address(case), {"do": "answer", "answer": "me"})
    answer = client.post(address(case), sent)
    assert answer.status_code == 400
    assert says in answer.content.decode()


def test_help_leads_to_the_safety_lead() -> None:
    member = MemberFactory.create()
    page = signed_in(member).get(reverse("care:help")).content.decode()
    assert reverse("care:ask", kwargs={"slug": member.study.slug}) in page


def test_only_a_text_that_was_ended_is_called_finished_and_paid() -> None:
    member = judge()
    judging_round(cohort_of(member), tasks=2)
    text = lease(member)
    client = signed_in(member)
    asked = client.post(reverse("care:ask", kwargs={"slug": member.study.slug}), follow=True)
    days_later = CheckIn.objects.create(member=member, due_at=timezone.now())
    check_in = reverse("care:check-in", kwargs={"check_in_id": days_later.id})
    talked = client.post(check_in, {"do": "talk"}, follow=True)
    for page in (asked, talked):
        assert "May somebody contact you?" in page.content.decode()
        assert "paid" not in flowed(page.content)
    text.refresh_from_db()
    assert text.state == "leased"


def test_who_stops_for_support_reads_what_becomes_of_the_pay() -> None:
    member = judge()
    judging_round(cohort_of(member), tasks=9)
    client = signed_in(member)
    says = {False: "The text is finished and paid.", True: "A person checks the pay first."}
    seen = set()
    for _ in range(9):
        text = lease(member)
        page = client.post(one_url(text), {"do": "support"}, follow=True)
        held = Assignment.objects.pay_held().filter(id=text.id).exists()
        assert Assignment.objects.paid().filter(id=text.id).exists() != held
        assert "You stopped, and that is fine. The text is finished" in flowed(page.content)
        assert says[held] in flowed(page.content)
        assert says[not held] not in flowed(page.content)
        seen.add(held)
    assert seen == {False, True}


def test_the_way_on_leads_to_the_text_or_stops() -> None:  # standards 4.8, 4.9
    member = judge()
    judging_round(cohort_of(member))
    case = noticed(member)
    client = signed_in(member)
    held = lease(member)
    page = client.get(address(case)).content.decode()
    stop = reverse("annotations:judge-stopped", kwargs={"slug": case.study.slug})
    assert f'href="{one_url(held)}"' in page
    assert f'action="{stop}"' in page
    assert client.post(stop)["Location"] == stop
    page = client.get(address(case)).content.decode()
    assert f'href="{judge_url(case.member)}"' in page
    assert f'action="{stop}"' not in page


def test_staff_go_home() -> None:
    case = opened(staff(MemberFactory.create().study))
    page = signed_in(case.member).get(address(case)).content.decode()
    assert "Go to my home page" in page
    assert "Continue" not in page
