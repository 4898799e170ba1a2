"""From a sample to a rejection, an appeal and its answer, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from codesign.compensation.models import Rejection
from codesign.compensation.queries import ledger
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import judge_next, judging
from tests.browser.looking import check_page
from tests.factories.compensation import REASON
from tests.factories.studies import staff

pytestmark = pytest.mark.django_db(transaction=True)


def test_work_is_rejected_appealed_against_and_paid_again(  # standards 3.5, 5.1
    open_page: OpenPage, transactional_db: None
) -> None:
    study = judging()
    member = study.member
    judge_next(member)
    earned = ledger.balances(member_id=member.id)["GBP"]
    assert earned > 0
    first, second, third = (staff(member.study) for _ in range(3))

    page = open_page(f"/studies/{study.slug}/pay/review/", user=first.user)
    check_page(page, name="review-of-work")
    page.get_by_role("link", name="a judgement").click()
    check_page(page, name="work")
    page.go_back()
    page.get_by_role("link", name="Reject", exact=False).last.click()
    check_page(page, name="reject")
    page.get_by_label("A program answered, not a person").check()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("Nothing is taken away before")).to_be_visible()
    check_page(page, name="rejection-proposed")

    page = open_page(f"/studies/{study.slug}/pay/rejections/", user=second.user)
    check_page(page, name="rejections")
    page.locator("tbody a").first.click()
    check_page(page, name="rejection-to-confirm")
    page.get_by_role("button", name="Confirm the rejection").click()
    expect(page.get_by_text("The person gets a mail")).to_be_visible()
    check_page(page, name="rejection-confirmed")
    assert ledger.balances(member_id=member.id)["GBP"] == 0

    check_page(open_page(f"/studies/{study.slug}/pay/", user=member.user), name="pay-not-accepted")
    page = open_page(f"/studies/{study.slug}/pay/", user=member.user, scripts=False)
    page.locator("#not-accepted + ul a").click()
    page.get_by_label("Your appeal").fill("I read each text twice.")
    page.get_by_role("button", name="Send the appeal").click()
    expect(page.get_by_text("Your appeal is sent")).to_be_visible()

    rejection = Rejection.objects.get()
    page = open_page(f"/studies/{study.slug}/pay/rejections/{rejection.id}/", user=third.user)
    check_page(page, name="appeal")
    page.get_by_label("Grant the appeal").check()
    page.get_by_label("Answer to the person").fill("You are right. We are sorry.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("You are right.")).to_be_visible()
    assert ledger.balances(member_id=member.id)["GBP"] == earned

    own = f"/studies/{study.slug}/pay/not-accepted/{rejection.id}/"
    check_page(open_page(own, user=member.user), name="own-rejection")
