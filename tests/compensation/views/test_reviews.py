"""The page of work that waits for a review."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codesign.compensation.models import Approval
from codesign.compensation.queries import reviews
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import credit
from tests.factories.studies import MemberFactory, staff
from tests.support.counting import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def address(member: Member) -> str:
    return reverse("compensation:review", kwargs={"slug": member.study.slug})


def test_a_coordinator_reads_a_sample_and_approves_it(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    assert "Everything is approved" in client.get(address(member)).content.decode()
    made = {str(credit(member, 10).id) for _ in range(12)}
    page = client.get(address(member))
    shown = page.content.decode().split('name="transfer" value="')[1:]
    ids = [one.partition('"')[0] for one in shown]
    assert len(ids) == reviews.SAMPLE == len(made & set(ids))
    assert "12 pieces of work are not approved yet" in page.content.decode()
    assert "£1.20" in page.content.decode()
    done = client.post(address(member), {"do": "shown", "transfer": ids}, follow=True)
    assert "Approved 10 pieces of work." in done.content.decode()
    assert Approval.objects.count() == 10


def test_samples_are_random(member: Member) -> None:
    for _ in range(30):
        credit(member)
    samples = {
        frozenset(leg.id for leg in reviews.sample(study_id=member.study_id)) for _ in range(5)
    }
    assert len(samples) > 1


def test_everything_is_approved_at_once(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    for _ in range(12):
        credit(member)
    until = timezone.now().isoformat()
    done = client.post(address(member), {"do": "all", "until": until}, follow=True)
    assert "Approved 12 pieces of work." in done.content.decode()
    for nonsense in ({"do": "all", "until": "x"}, {"do": "all"}, {"transfer": ["x", "\0"]}):
        again = client.post(address(member), nonsense, follow=True)
        assert "Nothing to approve" in again.content.decode()


def test_a_judgement_has_its_page(client: Client) -> None:
    person = judge()
    judging_round(person.cohort, tasks=1)
    held = lease(person)
    send(held)
    client.force_login(staff(person.study).user)
    work = reverse("annotations:work", kwargs={"slug": person.study.slug, "assignment_id": held.id})
    assert work in client.get(address(person)).content.decode()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_who_sees_the_page_and_approves(member: Member, role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    made = credit(member)
    client.force_login((member if judges else staff(member.study, role)).user)
    answer = client.get(address(member))
    assert answer.status_code == (200 if role == Role.AUDITOR else 403)
    assert "Approve" not in answer.content.decode() or role != Role.AUDITOR
    assert client.post(address(member), {"transfer": [made.id]}).status_code == 403
    assert not Approval.objects.exists()


def test_queries_do_not_grow(member: Member, client: Client) -> None:
    client.force_login(staff(member.study).user)
    credit(member)
    few = queries_of(client, address(member))
    for _ in range(15):
        credit(MemberFactory.create(cohort=member.cohort))
    assert queries_of(client, address(member)) == few
