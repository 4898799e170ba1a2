"""The review as a list: order, filters, and decisions on several items."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from annotations.models import Flag, Rewrite, SeenInReview
from annotations.rules.states import FlagState
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import add_task, judge, judging_round, lease, send
from tests.factories.studies import CohortFactory, staff
from tests.support.counting import pages_of, queries_of
from tests.support.judging_page import cohort_of, judged, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=4, overlap=2)
    return member


def listed(member: Member) -> str:
    return reverse("annotations:review-list", kwargs={"slug": member.study.slug})


def decide(member: Member) -> str:
    return reverse("annotations:review-decide-all", kwargs={"slug": member.study.slug})


def report(member: Member, severity: int, note: str) -> Flag:
    held = lease(member)
    entry = {"response": str(held.order_shown[0]), "harm": "other", "severity": severity}
    return send(held, key=note, flags=[entry | {"note": note}]).judgement.flags.get()


def test_the_worst_come_first(member: Member) -> None:
    for severity in (1, 3, 2):
        report(member, severity, f"Severity {severity}.")
    page = signed_in(staff(member.study)).get(listed(member)).content.decode()
    assert page.index("Severity 3.") < page.index("Severity 2.") < page.index("Severity 1.")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("?kind=flags", True),
        ("", True),
        ("?kind=rewrites", False),
        ("?kind=flags&state=reported", True),
        ("?kind=flags&state=upheld", False),
        ("?kind=flags&state=nonsense", True),
        ("?kind=flags&language=en", True),
        ("?kind=flags&cohort=other", False),
        ("?kind=flags&cohort=nonsense", True),
    ],
)
def test_filters(member: Member, asked: str, shown: bool) -> None:
    CohortFactory.create(study=member.study, key="other")
    report(member, 2, "It orders.")
    page = signed_in(staff(member.study)).get(listed(member) + asked).content.decode()
    assert ("It orders." in page) is shown


def test_a_decision_on_several_is_asked_first(member: Member) -> None:
    flags = [report(member, 2, f"Number {n}.") for n in range(3)]
    client = signed_in(staff(member.study))
    sent: dict[str, Any] = {"kind": "flags", "item": [str(one.id) for one in flags[:2]]}
    asks = client.post(decide(member), sent | {"state": "upheld"})
    assert "Uphold: 2 items?" in flowed(asks.content)
    assert not Flag.objects.filter(state=FlagState.UPHELD).exists()
    confirmed = sent | {"state": "upheld", "confirmed": "yes"}
    done = client.post(decide(member), confirmed, follow=True)
    assert "Decided on 2 items." in flowed(done.content)
    assert Flag.objects.filter(state=FlagState.UPHELD).count() == 2


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "flags", "state": "upheld"},
        {"kind": "flags", "state": "upheld", "item": ["nonsense"]},
        {"kind": "flags", "state": "accepted"},
        {"kind": "rewrites", "state": "sent_back"},
        {},
    ],
)
def test_bad_input_decides_nothing(member: Member, sent: dict[str, Any]) -> None:
    flag = report(member, 2, "It orders.")
    sent = {"item": [str(flag.id)], "confirmed": "yes"} | sent
    if "state" in sent and sent["state"] == "upheld" and sent["item"] == [str(flag.id)]:
        sent.pop("item")
    answer = signed_in(staff(member.study)).post(decide(member), sent, follow=True)
    assert "Choose at least one item" in flowed(answer.content)
    assert Flag.objects.get().state == FlagState.REPORTED


def test_an_item_of_another_study_is_not_decided(member: Member) -> None:
    other = judge()
    judging_round(cohort_of(other))
    flag = report(other, 2, "Elsewhere.")
    sent = {"kind": "flags", "state": "upheld", "item": [str(flag.id)], "confirmed": "yes"}
    signed_in(staff(member.study)).post(decide(member), sent)
    assert Flag.objects.get().state == FlagState.REPORTED


def test_what_a_clinician_may_still_judge_is_not_listed_and_the_rest_is_noted() -> None:
    author = judge()
    clinicians = CohortFactory.create(study=author.study, role=Role.CLINICIAN)
    clinician = judge(cohort=clinicians)
    made = judging_round(cohort_of(author), clinicians, tasks=0)
    add_task(made)
    report(author, 3, "Kept back for now.")
    client = signed_in(clinician)
    page = flowed(client.get(listed(author)).content)
    assert "Kept back for now." not in page
    assert "1 for later" in page
    held = lease(clinician)
    send(held)
    assert "Kept back for now." in client.get(listed(author)).content.decode()
    assert SeenInReview.objects.filter(member=clinician, prompt=held.prompt).exists()


def test_the_list_costs_the_same(member: Member) -> None:
    client = signed_in(staff(member.study))
    report(member, 1, "One.")
    few = queries_of(client, listed(member) + "?kind=flags")
    for severity in (2, 3):
        report(member, severity, f"More {severity}.")
    assert queries_of(client, listed(member) + "?kind=flags") == few
    assert len(pages_of(client, listed(member))) == 1


def test_others_are_refused(member: Member) -> None:
    for other, status in (
        (member, 403),
        (staff(member.study, Role.AUDITOR), 403),
        (staff(member.study, Role.ML_ENGINEER), 403),
        (judge(), 404),
    ):
        client = signed_in(other)
        assert client.get(listed(member)).status_code == status
        assert client.post(decide(member), {}).status_code == status


def test_reports_come_before_rewrites(member: Member) -> None:
    judged(member)
    client = signed_in(staff(member.study))
    review = reverse("annotations:review", kwargs={"slug": member.study.slug})
    assert "A report of harm" in client.get(review).content.decode()
    Rewrite.objects.update(state="accepted")
    page = flowed(client.get(review + "?kind=rewrites").content)
    assert "1 report is waiting" in page
