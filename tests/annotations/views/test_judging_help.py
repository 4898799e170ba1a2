"""Help from the judging page: one press, nothing lost, the way back and Stop (standards 4.7)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Assignment
from annotations.rules.states import AssignmentState
from codesign.consent.services import withdraw
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url, signed_in
from tests.support.pages import flowed
from tests.support.sessions import made_here, session_ends

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member))
    return member


def pressed(client: Client, assignment: Assignment, **changes: str) -> str:
    """Where the button Help leads, as it is pressed without scripts."""
    answer = client.post(one_url(assignment), filled(assignment) | {"do": "help"} | changes)
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def help_about(assignment: Assignment) -> str:
    return f"{reverse('care:help')}?next={one_url(assignment)}"


def test_help_saves_the_form_and_leads_back(member: Member) -> None:
    client = signed_in(member)
    page = client.get(judge_url(member)).content.decode()
    header = page.split("</header>")[0]
    assert header.index('value="save"') < header.index('value="help"')  # the Enter key saves
    first = held(member)
    assert pressed(client, first, comment="half a thought") == help_about(first)
    page = flowed(client.get(help_about(first)).content)
    assert f'href="{one_url(first)}">Back to where you were' in page
    stopped = reverse("annotations:judge-stopped", kwargs={"slug": member.study.slug})
    assert f'<form method="post" action="{stopped}">' in page.split("</header>")[0]
    assert "half a thought" in client.get(one_url(first)).content.decode()
    assert "Stopped for now" in client.post(stopped, follow=True).content.decode()
    first.refresh_from_db()
    assert first.state == AssignmentState.EXPIRED
    assert "half a thought" in client.get(judge_url(member)).content.decode()


@pytest.mark.parametrize("address", ["/", "/studies/some/", "/studies/some/judge/", "/nowhere/"])
def test_help_from_other_pages_has_no_stop_button(member: Member, address: str) -> None:
    client = signed_in(member)
    for next_to in (address, f"//elsewhere.example.org{address}"):
        page = client.get(reverse("care:help"), {"next": next_to}).content.decode()
        header = page.split("</header>")[0]
        assert "Stop for now" not in header
        assert "Account" in header


def test_help_works_if_the_form_cannot_be_saved(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first = held(member)
    address = pressed(client, first, comment="a\0")
    assert "could not be saved" in client.get(address).content.decode()
    withdraw(actor=Actor.of(member.user), member=member)
    assert pressed(client, first) == help_about(first)
    session_ends()
    own = made_here(client)
    assert pressed(client, first, comment="all of this", **own) == help_about(first)
    page = client.get(help_about(first)).content.decode()
    assert "What you filled in is kept." in page
    assert "Stop for now" not in page.split("</header>")[0]


def test_help_of_another_person_saves_nothing(member: Member) -> None:
    signed_in(member).get(judge_url(member))
    first = held(member)
    other = signed_in(judge(cohort=member.cohort))
    answer = other.post(one_url(first), filled(first) | {"do": "help"})
    assert answer.status_code == 404
    first.refresh_from_db()
    assert first.draft is None
