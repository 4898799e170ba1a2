"""A round says its cost before it opens; a large one is confirmed."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Round
from annotations.rules.states import RoundState
from annotations.services import rounds
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import Conflict
from tests.factories.annotations import add_task, judge, judging_round
from tests.factories.compensation import set_budget, set_rate
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db


def plan(*, tasks: int = 5) -> Round:
    return judging_round(judge().cohort, tasks=tasks, opened=False)


def address(name: str, made: Round) -> str:
    return reverse(f"annotations:{name}", kwargs={"slug": made.study.slug, "round_id": made.id})


def enter(client: Client, made: Round) -> None:
    client.force_login(staff(made.study).user)


def test_the_page_says_the_cost_beside_what_is_left(client: Client) -> None:
    made = plan()
    enter(client, made)
    page = client.get(address("round", made)).content.decode()
    assert "£4.00 in all." in page
    assert "No budget is set." in page
    set_budget(made.study, 10_000)
    assert "£100.00 is left of the budget." in client.get(address("round", made)).content.decode()


def test_a_small_round_opens_at_once(client: Client) -> None:
    made = plan()
    set_budget(made.study, 4000)
    enter(client, made)
    assert client.post(address("round-open", made)).status_code == 302
    assert Round.objects.get(id=made.id).state == RoundState.OPEN


def test_a_large_round_is_confirmed_with_the_sum_that_was_seen(client: Client) -> None:
    made = plan()
    set_budget(made.study, 3999)
    enter(client, made)
    asked = client.post(address("round-open", made))
    text = asked.content.decode()
    assert asked.status_code == 200
    assert "and spend up to £4.00?" in text
    assert "5 judgements at £0.80 each, which is £4.00." in text
    assert "£39.99 is left of the budget. After this round it is £35.99." in text
    assert Round.objects.get(id=made.id).state == RoundState.PLANNED
    agreed = re.search(r'name="agreed" value="([^"]+)"', text)
    assert agreed
    add_task(made)
    again = client.post(address("round-open", made), {"agreed": agreed[1]})
    assert "and spend up to £4.80?" in again.content.decode()
    sum_now = re.search(r'name="agreed" value="([^"]+)"', again.content.decode())
    assert sum_now
    assert client.post(address("round-open", made), {"agreed": sum_now[1]}).status_code == 302
    assert Round.objects.get(id=made.id).state == RoundState.OPEN


def test_without_a_budget_a_round_above_a_thousand_units_is_confirmed(client: Client) -> None:
    made = plan(tasks=2)
    set_rate(made.cohorts.get().cohort, 50_001)
    enter(client, made)
    text = client.post(address("round-open", made)).content.decode()
    assert "and spend up to £1,000.02?" in text
    assert "The study has no budget" in text
    assert Round.objects.get(id=made.id).state == RoundState.PLANNED


def test_a_round_that_the_budget_does_not_cover_is_refused(client: Client) -> None:
    made = plan()
    set_budget(made.study, 399)
    with pytest.raises(Conflict, match=r"costs £4.00, and £3.99 is left of the budget"):
        rounds.open_round(actor=SYSTEM, round=made)
    enter(client, made)
    assert "does not cover this round" in client.get(address("round", made)).content.decode()
    assert client.post(address("round-open", made)).status_code == 409
    set_budget(made.study, 400)
    rounds.open_round(actor=SYSTEM, round=made)
