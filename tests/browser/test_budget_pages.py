"""Floors, budgets, the cost of a round and adjustments, as people see them (standards 5.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Assignment
from annotations.rules.states import RoundState
from annotations.services import work_times
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import set_budget
from tests.factories.studies import staff


@pytest.mark.slow
def test_from_a_low_rate_to_an_open_round(open_page: OpenPage, transactional_db: None) -> None:
    member = judge()
    assert member.cohort
    made = judging_round(member.cohort, tasks=5, opened=False)
    at = f"/studies/{member.study.slug}"
    page = open_page(f"{at}/pay/rates/", user=staff(member.study).user)
    page.get_by_label("Pay for one text").fill("0.20")
    page.get_by_label("Minutes for one text").fill("5")
    page.get_by_role("button", name="Set the rate").click()
    page.get_by_text("£2.40 an hour is below the minimum of £6.00").first.wait_for()
    check_page(page, name="rates-refused")
    page.get_by_role("link", name="Budget for pay").click()
    check_page(page, name="budget-none")
    page.get_by_label("Budget for pay").fill("20")
    page.get_by_role("button", name="Set the budget").click()
    page.get_by_text("Saved: the study can spend £20.00 on pay.").wait_for()
    page.goto(f"{at}/rounds/{made.id}/")
    check_page(page, name="round-cost")
    page.get_by_role("button", name="Open the round").click()
    page.get_by_role("heading", name="and spend up to £4.00?").wait_for()
    check_page(page, name="round-confirm")
    page.get_by_role("button", name="Open the round").click()
    page.get_by_text("The round is open.").wait_for()
    made.refresh_from_db()
    assert made.state == RoundState.OPEN


@pytest.mark.slow
def test_a_used_budget_and_an_adjustment(open_page: OpenPage, transactional_db: None) -> None:
    member = judge()
    assert member.cohort
    judging_round(member.cohort, tasks=22)
    for _ in range(20):
        held = lease(member)
        shown = held.leased_at - timedelta(hours=1)
        Assignment.objects.filter(id=held.id).update(first_shown_at=shown)
        send(held, active_seconds=240)
    work_times.check(cohort=member.cohort, until=timezone.now())
    set_budget(member.study, 2200)
    at = f"/studies/{member.study.slug}"
    own = open_page(f"{at}/pay/", user=member.user)
    own.get_by_text("It took longer than we said").wait_for()
    check_page(own, name="pay-adjusted")
    own.get_by_role("link", name="How much you want to earn").click()
    check_page(own, name="pay-choices")
    set_budget(member.study, 2000)
    own.goto(f"{at}/judge/")
    own.get_by_role("heading").first.wait_for()
    page = open_page(f"{at}/", user=staff(member.study).user)
    check_page(page, name="home-budget")
    page.goto(f"{at}/pay/budget/")
    check_page(page, name="budget-used")
    page.goto(f"{at}/pay/rates/")
    check_page(page, name="rates-took-longer")
    Assignment.objects.filter(state="leased").update(state="expired")
    own.goto(f"{at}/")
    check_page(own, name="home-no-paid-work")
    own.goto(f"{at}/judge/")
    own.get_by_role("heading", name="There is no paid work right now").wait_for()
    check_page(own, name="no-paid-work")
