"""Removing a member: leased seats are returned, and pay and judgements are kept."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from annotations.rules.states import AssignmentState
from codesign.audit.models import Event
from codesign.compensation.queries import ledger
from codesign.consent import queries as consent
from codesign.consent.models import Withdrawal
from codesign.enrolment import services
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import CohortFactory, MemberFactory, staff
from tests.support.judging_api import Caller
from tests.support.judging_page import judge_url, signed_in

pytestmark = pytest.mark.django_db


def address(member: Member) -> str:
    names = {"slug": member.study.slug, "member_id": member.id}
    return reverse("enrolment:remove", kwargs=names)


def page(name: str, member: Member) -> str:
    return reverse(name, kwargs={"slug": member.study.slug})


def back(coordinator: Member, member: Member, role: str) -> Member:
    """Invite a former member, who accepts."""
    invitation = services.invite(
        actor=Actor.of(coordinator.user),
        study=member.study,
        email=member.user.email,
        roles=[role],
        cohort=member.cohort if role == Role.PANELIST else None,
    )
    return services.accept(user=member.user, invitation_id=invitation.id)


@pytest.fixture
def member() -> Member:
    """Somebody who has earned something and holds the next text."""
    member = judge()
    judging_round(member.cohort, tasks=2)
    assert send(lease(member)).next
    return member


@pytest.fixture
def coordinator(member: Member) -> Member:
    return staff(member.study)


def test_coordinator_removes_a_person(member: Member, coordinator: Member) -> None:
    client = signed_in(coordinator)
    asked = client.get(address(member)).content.decode()
    assert f"Remove {member.user.email} from the study?" in asked
    assert client.get(page("enrolment:people", member)).content.decode().count("Remove<") == 1
    done = client.post(address(member), follow=True).content.decode()
    assert f"{member.user.email} is no longer in the study." in done
    held = Assignment.objects.get(member=member, state=AssignmentState.RETURNED)
    assert held.draft is None
    assert Caller(member).lease().status_code == 404
    assert signed_in(member).get(judge_url(member)).status_code == 404
    assert client.post(address(member)).status_code == 404
    event = Event.objects.get(action="studies.member_removed")
    assert (event.actor_id, event.about_id) == (coordinator.user_id, member.id)


def test_removed_person_keeps_work_and_pay(member: Member, coordinator: Member) -> None:
    signed_in(coordinator).post(address(member))
    client = signed_in(member)
    home = client.get("/", follow=True).content.decode()
    assert "You are no longer part of this study" in home
    assert "£0.80" in client.get(page("compensation:mine", member)).content.decode()
    assert ledger.balances(member_id=member.id) == {"GBP": 80}
    assert consent.record_in_force(member_id=member.id)
    assert client.get(page("consent:choices", member)).status_code == 200
    assert client.get(page("consent:read", member)).status_code == 404
    assert client.post(page("consent:leave", member)).status_code == 302
    assert Withdrawal.objects.filter(record__member=member).exists()


def test_staff_who_were_taken_out_see_nothing(coordinator: Member) -> None:
    engineer = staff(coordinator.study, Role.ML_ENGINEER)
    assert signed_in(coordinator).post(address(engineer)).status_code == 302
    client = signed_in(engineer)
    assert client.get(page("desk:study", engineer)).status_code == 404
    assert client.get(page("modelhub:runs", engineer)).status_code == 404
    assert "You are not in a study yet" in client.get("/").content.decode()


def test_who_was_taken_out_can_be_added_again(member: Member, coordinator: Member) -> None:
    signed_in(coordinator).post(address(member))
    again = back(coordinator, member, "panelist")
    assert (again.id, again.pseudonym, again.left_at) == (member.id, member.pseudonym, None)
    signed_in(coordinator).post(address(member))
    assert back(coordinator, member, "panelist").left_at is None  # more than once
    assert Caller(member).lease().status_code in (200, 201, 204)


def test_former_panelist_cannot_return_as_staff(member: Member, coordinator: Member) -> None:
    fresh = MemberFactory.create(cohort=member.cohort)
    for person in (member, fresh):
        signed_in(coordinator).post(address(person))
    added = back(coordinator, fresh, Role.ML_ENGINEER)
    # was added to judge by mistake, and did nothing
    assert (added.roles, added.cohort) == ([Role.ML_ENGINEER], None)
    with pytest.raises(Conflict, match="had another role"):
        back(coordinator, member, Role.ML_ENGINEER)


def test_nobody_removes_themselves(coordinator: Member) -> None:
    assert signed_in(coordinator).post(address(coordinator)).status_code == 409
    coordinator.refresh_from_db()
    assert coordinator.left_at is None


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_coordinators_remove_people(role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    cohort = CohortFactory.create(role=role if judges else Role.PANELIST)
    target = MemberFactory.create(cohort=cohort)
    person = MemberFactory.create(cohort=cohort) if judges else staff(cohort.study, role)
    client.force_login(person.user)
    assert client.post(address(target)).status_code == 403
    client.force_login(staff(CohortFactory.create().study).user)
    assert client.post(address(target)).status_code == 404
    target.refresh_from_db()
    assert target.left_at is None
