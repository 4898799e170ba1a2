"""A person's own work that was not accepted, and their appeal."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codesign.compensation.models import Appeal, Rejection
from codesign.compensation.services import appeals
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import REASON, credit, propose, reject
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def page_of(rejection: Rejection) -> str:
    names = {"slug": rejection.study.slug, "rejection_id": rejection.id}
    return reverse("compensation:own-rejection", kwargs=names)


def pay_page(member: Member) -> str:
    return reverse("compensation:mine", kwargs={"slug": member.study.slug})


def test_a_person_reads_why_and_appeals(member: Member, client: Client) -> None:
    rejection = reject(credit(member), member)
    client.force_login(member.user)
    pay = client.get(pay_page(member)).content.decode()
    for said in ("Work that was not accepted", page_of(rejection), "You can appeal until"):
        assert said in pay, said
    page = client.get(page_of(rejection)).content.decode()
    for said in (REASON, "£0.80", "A program answered, not a person", "Send the appeal"):
        assert said in page, said
    for staff_of_study in (rejection.proposed_by, rejection.confirmed_by):
        assert staff_of_study is not None
        assert staff_of_study.pseudonym not in page
        assert staff_of_study.user.email not in page
    assert client.post(page_of(rejection), {"text": " \u200b"}).status_code == 400
    done = client.post(page_of(rejection), {"text": "I read each text."}, follow=True)
    assert "Your appeal is sent" in done.content.decode()
    assert "Send the appeal" not in done.content.decode()
    assert client.post(page_of(rejection), {"text": "Again."}).status_code == 409
    appeals.decide(
        actor=Actor.of(staff(member.study).user),
        study=member.study,
        rejection_id=rejection.id,
        state="granted",
        answer="You are right.",
    )
    page = client.get(page_of(rejection)).content.decode()
    assert "You are right." in page
    assert "the work is paid after all" in page
    pay = client.get(pay_page(member)).content.decode()
    for said in ("Paid after all", "−£0.80", "was taken back", "approved"):
        assert said in pay, said


def test_a_proposal_is_not_shown(member: Member, client: Client) -> None:
    rejection = propose(credit(member), member)
    client.force_login(member.user)
    assert "not accepted" not in client.get(pay_page(member)).content.decode()
    assert client.get(page_of(rejection)).status_code == 404


def test_nobody_else_reads_it(member: Member, client: Client) -> None:
    rejection = reject(credit(member), member)
    other = MemberFactory.create(cohort=member.cohort)
    for who, status in (
        (other, 404),
        (staff(member.study), 403),
        (staff(member.study, Role.AUDITOR), 403),
        (MemberFactory.create(), 404),
    ):
        client.force_login(who.user)
        assert client.get(page_of(rejection)).status_code == status
        assert client.post(page_of(rejection), {"text": "Mine."}).status_code == status
    assert not Appeal.objects.exists()


def test_queries_of_the_pay_page_do_not_grow(member: Member, client: Client) -> None:
    client.force_login(member.user)
    reject(credit(member), member)
    few = queries_of(client, pay_page(member))
    for _ in range(4):
        reject(credit(member), member)
    assert queries_of(client, pay_page(member)) == few
