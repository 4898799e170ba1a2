"""One piece of finished work, for the staff who review pay."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=2)
    return member


def address(assignment: Assignment, study: str = "") -> str:
    names = {"slug": study or assignment.study.slug, "assignment_id": assignment.id}
    return reverse("annotations:work", kwargs=names)


def test_a_coordinator_reads_what_was_chosen_and_nothing_that_was_written(
    member: Member, client: Client
) -> None:
    held = lease(member)
    send(held, comment="My own words.")
    client.force_login(staff(member.study).user)
    page = client.get(address(held)).content.decode()
    for said in (f"Work of {member.pseudonym}", "Reply A", "Chosen answers"):
        assert said in page, said
    assert "My own words." not in page
    assert member.user.email not in page


def test_a_heavy_text_stays_covered_until_it_is_opened(member: Member, client: Client) -> None:
    held = lease(member)
    send(held)
    held.prompt.__class__.objects.filter(id=held.prompt_id).update(intensity=3)
    client.force_login(staff(member.study).user)
    assert "Reply A" not in client.get(address(held)).content.decode()
    assert "Reply A" in client.get(address(held) + "?open=1").content.decode()


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.AUDITOR, 200), (Role.ML_ENGINEER, 403), (Role.SAFETY_LEAD, 403), (None, 403)],
)
def test_who_reads_it(member: Member, role: Role | None, status: int, client: Client) -> None:
    held = lease(member)
    send(held)
    client.force_login((staff(member.study, role) if role else member).user)
    assert client.get(address(held)).status_code == status


def test_work_that_is_open_or_of_another_study_is_not_there(member: Member, client: Client) -> None:
    held = lease(member)
    client.force_login(staff(member.study).user)
    assert client.get(address(held)).status_code == 404
    send(held)
    other = staff(judge().study)
    client.force_login(other.user)
    assert client.get(address(held, other.study.slug)).status_code == 404
