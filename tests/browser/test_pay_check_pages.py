"""Held pay, as the coordinator decides on it and as its person sees it (standards 3.5, 5.1)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from codesign.compensation.queries import ledger
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import judge_next, judging
from tests.browser.looking import check_page
from tests.factories.compensation import credit, reject
from tests.factories.payouts import Two, method_of
from tests.factories.studies import staff


@pytest.mark.slow
def test_held_pay_is_decided(open_page: OpenPage, transactional_db: None, settings: Any) -> None:
    settings.PAY_PACE = 4  # other tests relax it, to judge within milliseconds
    study = judging()
    member = study.member
    judge_next(member)
    judge_next(member)
    own = open_page(f"/studies/{study.slug}/pay/", user=member.user)
    expect(own.get_by_role("heading", name="Pay being checked")).to_be_visible()
    check_page(own, name="pay-held")
    page = open_page(f"/studies/{study.slug}/pay-checks/", user=staff(member.study).user)
    check_page(page, name="pay-checks")
    page.get_by_role("link", name="Decide").click()
    check_page(page, name="pay-check-person")
    page.get_by_label("Pay, and use in releases").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("heading", name="No pay is held")).to_be_visible()
    check_page(page, name="pay-checks-none")
    assert ledger.balances(member_id=member.id)["GBP"] == 160


@pytest.mark.slow
def test_pay_in_each_state(open_page: OpenPage, transactional_db: None) -> None:
    member = judging().member
    two = Two.of(member)
    method_of(member, "uk_bank")
    for settled, amount in ((True, 2540), (False, 640)):
        credit(member, amount)
        batch = two.make(currency="GBP")
        two.send(batch)
        if settled:
            two.settle(batch)
    credit(member, 310)
    reject(credit(member, 80), member)
    at = f"/studies/{member.study.slug}/pay"
    for locale, name in (("en", "pay-mine-all"), ("ar", "rtl-pay-mine-all")):
        page = open_page(f"{at}/", user=member.user, locale=locale)
        amounts = page.locator("dl.amounts dd")
        expect(amounts).to_contain_text(["£25.40", "£6.40", "£3.10"])
        drawn = page.locator("svg.split rect").evaluate_all(
            "all => all.map(one => one.getBBox().width)"
        )
        assert drawn == [3490, 2540, 640]
        check_page(page, name=name)
    page = open_page(f"{at}/entries/", user=two.maker.user)
    check_page(page, name="pay-entries")
    for tab in ("Rates", "Budget", "Review of work", "Rejections", "Owed", "Payouts"):
        page.get_by_role("navigation", name="Pay").get_by_role("link", name=tab, exact=True).click()
        expect(page.locator(".subnav [aria-current]")).to_have_text(tab)
