"""The coordinator's rounds."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from annotations.rules.states import AssignmentState, RoundState
from codesign.studies.rules import Role
from tests.counting import queries_of
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import CohortFactory, staff

pytestmark = pytest.mark.django_db


def test_a_coordinator_sees_closes_and_opens_rounds(client: Client) -> None:
    member = judge()
    made = judging_round(member.cohort, tasks=3, overlap=2)
    send(lease(member))
    held = lease(member)
    coordinator = staff(member.study)
    client.force_login(coordinator.user)
    listed = reverse("annotations:rounds", kwargs={"slug": member.study.slug})
    page = client.get(listed).content.decode()
    assert "First round" in page
    assert "1 of 6" in page
    move = reverse(
        "annotations:round-move", kwargs={"slug": member.study.slug, "round_id": made.id}
    )
    assert client.post(move, {"open": "no"}).status_code == 302
    made.refresh_from_db()
    assert made.state == RoundState.CLOSED
    assert Assignment.objects.get(id=held.id).state == AssignmentState.RETURNED
    assert client.post(move, {"open": "no"}).status_code == 409
    assert client.post(move, {"open": "yes"}).status_code == 302
    few = queries_of(client, listed)
    judging_round(member.cohort, tasks=2, opened=False)
    assert queries_of(client, listed) == few


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_nobody_else_does(role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    cohort = CohortFactory.create(role=role if judges else Role.PANELIST)
    made = judging_round(cohort)
    member = judge(cohort=cohort) if judges else staff(cohort.study, role)
    client.force_login(member.user)
    names = {"slug": member.study.slug}
    reads = 200 if role == Role.AUDITOR else 403
    assert client.get(reverse("annotations:rounds", kwargs=names)).status_code == reads
    move = reverse("annotations:round-move", kwargs=names | {"round_id": made.id})
    assert client.post(move, {"open": "no"}).status_code == 403
    other = staff(CohortFactory.create().study)
    client.force_login(other.user)
    away = {"slug": other.study.slug, "round_id": made.id}
    assert client.post(reverse("annotations:round-move", kwargs=away)).status_code == 404
