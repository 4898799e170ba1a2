"""Training items in a real browser, from the plan to the feedback (standards 5.1, 5.6)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotations.models import Round
from annotations.rules.states import RoundKind
from tests.browser.conftest import OpenPage
from tests.browser.judging_tools import BOTH
from tests.browser.looking import check_page
from tests.factories.annotations import PromptFactory, ResponseFactory, judge, make_rubric
from tests.factories.compensation import set_rate
from tests.factories.studies import staff
from tests.support.judging_page import cohort_of

pytestmark = pytest.mark.django_db(transaction=True)


@BOTH
def test_training_from_the_plan_to_the_feedback(open_page: OpenPage, scripts: bool) -> None:
    member = judge()
    study = member.study
    set_rate(cohort_of(member))
    make_rubric(study, keys=["heard"])
    prompt = PromptFactory.create(study=study)
    ResponseFactory.create_batch(2, prompt=prompt)
    page = open_page(f"/studies/{study.slug}/rounds/", user=staff(study).user, scripts=scripts)
    page.get_by_role("link", name="Training and attention items").click()
    page.get_by_label("Title of the round").fill("Beginning")
    page.get_by_label("Prompts").fill(prompt.external_id)
    page.get_by_label("This cohort judges in this round").check()
    page.get_by_label("Rate every reply").check()
    page.get_by_label("Say which is better").check()
    if scripts:
        check_page(page, name="special-plan")
    page.get_by_role("button", name="Plan the round").click()
    page.get_by_role("link", name="Write").click()
    for letter in "AB":
        scale = page.get_by_role("group", name=f"Heard, reply {letter}", exact=True)
        scale.get_by_role("radio").nth(3).check(force=True)
    page.get_by_role("radio", name="Equal", exact=True).check(force=True)
    page.get_by_label("What others looked at").fill("Both replies listen first.")
    if scripts:
        check_page(page, name="special-answer")
    page.get_by_role("button", name="Save the expected answer").click()
    page.get_by_text("The expected answer is saved.").wait_for()
    if scripts:
        check_page(page, name="special-round")
    page.get_by_role("button", name="Open the round").click()
    page.get_by_text("The round is open.").wait_for()
    assert Round.objects.get().kind == RoundKind.TRAINING

    page = open_page(f"/studies/{study.slug}/judge/", user=member.user, scripts=scripts)
    expect(page.locator("main")).to_contain_text("getting to know the questions")
    for letter in "AB":
        scale = page.get_by_role("group", name=f"Heard, reply {letter}", exact=True)
        scale.get_by_role("radio").nth(1 if letter == "A" else 3).check(force=True)
    page.get_by_role("radio", name="Equal", exact=True).check(force=True)
    page.get_by_role("button", name="Send and continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What others looked at")
    expect(page.locator("main")).to_contain_text("Both replies listen first.")
    if scripts:
        check_page(page, name="special-feedback")
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("What others looked at")
