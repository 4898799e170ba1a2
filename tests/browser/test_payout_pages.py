"""Pages of payouts: a person chooses how to be paid, and two coordinators pay them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesign.compensation.models import PayoutBatch, PayoutMethod
from codesign.studies.models import Member
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.payouts import Two, method_of, owed

pytestmark = pytest.mark.slow


@pytest.fixture
def member(transactional_db: None) -> Member:
    return owed(amount_minor=1205, kind=None)


def test_a_person_chooses_how_to_be_paid(open_page: OpenPage, member: Member) -> None:
    page = open_page(f"/studies/{member.study.slug}/pay/", user=member.user, lately=True)
    check_page(page, name="pay-mine-no-method")
    page.get_by_role("link", name="Choose how you are paid").click()
    check_page(page, name="pay-method")
    page.get_by_role("link", name="Bank account with an IBAN").click()
    page.get_by_label("Name on the account").fill("José Núñez")
    page.get_by_label("IBAN").fill("DE89 3704 0044 0532 0130 00")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Banks can match only").first.wait_for()
    check_page(page, name="pay-method-refused")
    page.get_by_label("Name on the account").fill("Jose Nunez")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("DE••••3000").wait_for()
    check_page(page, name="pay-mine-cooling")
    assert PayoutMethod.objects.get().member == member


def test_two_coordinators_pay_a_person(open_page: OpenPage, member: Member, tmp_path: Path) -> None:
    method_of(member)
    owed(member.cohort, 80, kind=None)
    two = Two.of(member)
    at = f"/studies/{member.study.slug}/pay"
    page = open_page(f"{at}/people/", user=two.maker.user)
    check_page(page, name="pay-people")
    page.get_by_role("link", name="Payouts").click()
    page.get_by_role("link", name="Make a batch").click()
    check_page(page, name="payout-new")
    page.get_by_role("button", name="Show who would be paid").click()
    page.get_by_role("button", name="Make this batch").wait_for()
    check_page(page, name="payout-preview")
    page.get_by_role("button", name="Make this batch").click()
    page.get_by_text("You made this batch.").wait_for()
    batch = PayoutBatch.objects.get()

    page = open_page(f"{at}/payouts/{batch.id}/", user=two.approver.user)
    check_page(page, name="payout-drafted")
    page.get_by_role("button", name="Approve: €12.05 to 1 person").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download the file").click()
    assert "DE89370400440532013000" in Path(downloading.value.path()).read_text()
    page.goto(f"{at}/payouts/{batch.id}/")
    check_page(page, name="payout-sent")
    results = tmp_path / "results.csv"
    results.write_text(f"reference,outcome\n{batch.payouts.get().reference},paid\n")
    page.get_by_label("Results as CSV").set_input_files(results)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("Imported. Payouts that changed: 1.").wait_for()
    check_page(page, name="payout-settled")
    page.goto(f"{at}/payouts/")
    check_page(page, name="payouts")

    page = open_page(f"{at}/", user=member.user)
    page.get_by_text("Arrived", exact=True).wait_for()
    check_page(page, name="pay-mine-paid")


def test_pay_pages_in_arabic(open_page: OpenPage, member: Member) -> None:
    method_of(member)
    page = open_page(f"/studies/{member.study.slug}/pay/", user=member.user, locale="ar")
    check_page(page, name="rtl-pay-mine")
