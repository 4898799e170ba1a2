"""Approving work: some or all of it, once, and for good."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from codesign.audit.models import Event
from codesign.compensation.models import Approval
from codesign.compensation.queries import reviews
from codesign.compensation.services import approvals
from codesign.shared.actors import Actor
from codesign.shared.errors import Conflict, NotPermitted
from codesign.studies.models import Member
from codesign.studies.rules import Role
from tests.factories.compensation import credit, propose
from tests.factories.studies import MemberFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    return MemberFactory.create()


def test_approved_work_cannot_be_rejected(member: Member) -> None:
    made, other = credit(member), credit(member)
    coordinator = staff(member.study)
    actor = Actor.of(coordinator.user)
    scope = {"actor": actor, "study": member.study}
    assert approvals.approve_credits(**scope, transfers=[made.id]) == 1  # type: ignore[arg-type]
    assert approvals.approve_credits(**scope, transfers=[made.id, uuid.uuid4()]) == 0  # type: ignore[arg-type]
    assert Approval.objects.get().approved_by == coordinator
    with pytest.raises(Conflict, match="approved, rejected or not paid"):
        propose(made, member)
    propose(other, member)
    assert Event.objects.filter(action=approvals.APPROVED).count() == 1


def test_everything_is_approved_but_what_is_proposed_or_new(member: Member) -> None:
    proposed = credit(member)
    propose(proposed, member)
    for _ in range(4):
        credit(member)
    credit(MemberFactory.create())
    until = timezone.now()
    credit(member)
    actor = Actor.of(staff(member.study).user)
    assert reviews.waiting(study_id=member.study_id).pieces == 5
    assert approvals.approve_credits(actor=actor, study=member.study, until=until) == 4
    assert reviews.waiting(study_id=member.study_id).pieces == 1
    assert not Approval.objects.filter(about_id=proposed.about_id).exists()


def test_work_of_another_study_is_not_approved(member: Member) -> None:
    made = credit(member)
    other = staff(MemberFactory.create().study)
    actor = Actor.of(other.user)
    approve = approvals.approve_credits
    assert approve(actor=actor, study=other.study, transfers=[made.id]) == 0
    until = timezone.now() + timedelta(days=1)
    assert approve(actor=actor, study=other.study, until=until) == 0


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_only_coordinators_approve(member: Member, role: Role) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    other = member if judges else staff(member.study, role)
    with pytest.raises(NotPermitted, match="Your role"):
        approvals.approve_credits(
            actor=Actor.of(other.user), study=member.study, until=timezone.now()
        )
