"""What the judging page says after something was done."""

from __future__ import annotations

import re

import pytest

from annotations.rules.states import Ask
from codesign.consent.services import withdraw
from codesign.shared.actors import Actor
from codesign.studies.models import Member
from tests.factories.annotations import judge, judging_round
from tests.support.judging_page import cohort_of, filled, held, judge_url, one_url, signed_in
from tests.support.pages import flowed

pytestmark = pytest.mark.django_db
REGION = re.compile(r'<div class="messages" id="messages" role="status".*?<main')


@pytest.fixture
def member() -> Member:
    member = judge()
    judging_round(cohort_of(member), tasks=4, asks=(Ask.RATING, Ask.RANKING))
    return member


def said(page: bytes) -> str:
    """What the status region of a page holds."""
    region = REGION.search(flowed(page))
    assert region
    return region.group()


def test_the_page_confirms_the_judgement_and_its_pay(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    one = held(member)
    assert "Sent. £0.80 was added." in said(client.post(one_url(one), filled(one)).content)
    assert "added" not in said(client.get(judge_url(member)).content)  # once


def test_a_second_not_today_is_shown_as_unpaid(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    first, second = (
        said(client.post(one_url(held(member)), {"skip": "not_today"}).content) for _ in range(2)
    )
    assert "Skipped. £0.80 was added." in first
    assert "paid once a day, so nothing was added this time" in second
    assert "£" not in second


@pytest.mark.parametrize("wish", ["send", "stop", "look"])
def test_former_members_get_no_tasks(member: Member, wish: str) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    one = held(member)
    withdraw(actor=Actor.of(member.user), member=member)
    if wish == "look":
        page = client.get(one_url(one))
    else:
        page = client.post(one_url(one), filled(one) | {"do": wish})
    words = page.content.decode()
    assert page.status_code == 403
    assert "You have left this study" in words
    assert "this page sends nothing" in words
    assert "sign the consent" not in words


def test_help_leads_back_to_the_text(member: Member) -> None:
    client = signed_in(member)
    client.get(judge_url(member))
    one = held(member)
    page = client.post(one_url(one), filled(one)).content.decode()  # at the address of the first
    way = re.search(r'href="(/help/[^"]*)"', page)
    assert way
    assert f'href="{one_url(held(member))}"' in client.get(way.group(1)).content.decode()
