"""Pausing a study and letting it go on: nothing new is given out, what is held may be sent."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Judgement
from codesign.audit.models import Event
from codesign.compensation.queries import ledger
from codesign.shared.actors import SYSTEM
from codesign.studies import services
from codesign.studies.models import Member
from codesign.studies.rules import Role, StudyState
from tests.factories.annotations import answers, judge, judging_round, lease
from tests.factories.ready import care_plan
from tests.factories.studies import CohortFactory, staff
from tests.support.judging_api import Caller, problem
from tests.support.judging_page import judge_url, signed_in

pytestmark = pytest.mark.django_db


def address(name: str, member: Member) -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": member.study.slug})


def home(member: Member) -> str:
    slug = reverse("desk:study", kwargs={"slug": member.study.slug})
    return signed_in(member).get(slug).content.decode()


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(member.cohort, tasks=3)
    return member


def test_a_coordinator_pauses_and_resumes_the_study(member: Member) -> None:
    client = signed_in(staff(member.study, Role.COORDINATOR, Role.SAFETY_LEAD))
    care_plan(member.study)
    assert "Pause this study?" in client.get(address("pause", member)).content.decode()
    done = client.post(address("pause", member), follow=True).content.decode()
    assert "The study is paused. Nobody gets new tasks." in done
    again = client.post(address("pause", member))
    assert again.status_code == 409
    assert "the study is paused" in again.content.decode()
    assert Caller(member).lease().status_code == 204
    assert client.post(address("resume", member)).status_code == 302
    assert Caller(member).lease().status_code == 201
    moves = Event.objects.filter(action="studies.state_changed").order_by("id")
    assert [event.data["to"] for event in moves] == ["paused", "open"]


def test_a_paused_study_accepts_open_assignments_and_leases_none(member: Member) -> None:
    held = lease(member)
    services.change_state(actor=SYSTEM, study=member.study, state=StudyState.PAUSED)
    caller = Caller(member)
    assert caller.lease().json()["id"] == str(held.id)
    sent = caller.submit(held.id, answers(held))
    assert sent.status_code == 201
    assert sent.json()["next"] is None
    assert Judgement.objects.count() == 1
    assert ledger.balances(member_id=member.id) == {"GBP": 80}


def test_pages_explain_the_pause(member: Member) -> None:
    held = lease(member)
    services.change_state(actor=SYSTEM, study=member.study, state=StudyState.PAUSED)
    assert "You can still send the text that you have open." in home(member)
    Caller(member).submit(held.id, answers(held))
    assert "You do not need to do anything." in home(member)
    page = signed_in(member).get(judge_url(member)).content.decode()
    assert "The study is paused" in page
    assert "you keep what you have earned" in page


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COORDINATOR}))
def test_nobody_else_pauses(role: Role, client: Client) -> None:
    judges = role in (Role.PANELIST, Role.CLINICIAN)
    cohort = CohortFactory.create(role=role if judges else Role.PANELIST)
    person = judge(cohort=cohort) if judges else staff(cohort.study, role)
    client.force_login(person.user)
    for name in ("pause", "resume"):
        assert client.post(address(name, person)).status_code == 403
    person.study.refresh_from_db()
    assert person.study.state == StudyState.OPEN
    other = staff(CohortFactory.create().study)
    client.force_login(other.user)
    assert client.post(address("pause", person)).status_code == 404


def test_a_closed_study_cannot_be_resumed(member: Member) -> None:
    services.change_state(actor=SYSTEM, study=member.study, state=StudyState.CLOSED)
    assert signed_in(staff(member.study)).post(address("resume", member)).status_code == 409
    problem(Caller(judge()).lease(member.study.slug), 404)
