"""Questions of every kind in a real browser: written, previewed, answered (standards 5.1, 6)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from annotations.models import Judgement, Rubric
from tests.browser.conftest import OpenPage
from tests.browser.judging_tools import BOTH
from tests.browser.looking import check_page
from tests.factories.annotations import judge, lease
from tests.factories.studies import StudyFactory, staff
from tests.support.judging_page import cohort_of
from tests.support.kinds_rubric import kinds_round

pytestmark = pytest.mark.django_db(transaction=True)


def choose(page: Page, title: str, letter: str, label: str) -> None:
    scale = page.get_by_role("group", name=f"{title}, reply {letter}", exact=True)
    scale.get_by_role("radio", name=re.compile(f"^{label}( ,|$)")).check(force=True)


@BOTH
def test_a_question_appears_after_its_answer(open_page: OpenPage, scripts: bool) -> None:
    member = judge()
    kinds_round(cohort_of(member))
    held = lease(member)
    path = f"/studies/{member.study.slug}/judge/"
    page = open_page(path, user=member.user, scripts=scripts)
    risk = page.get_by_role("group", name="Risk, reply A", exact=True)
    expect(risk).to_have_count(0 if scripts else 1)
    for letter in "AB":
        choose(page, "Heard", letter, "Not sure")
        choose(page, "Advice", letter, "Yes")
        choose(page, "Asks", letter, "Met")
        choose(page, "Blames", letter, "Not met")
    expect(risk).to_have_count(1)
    choose(page, "Risk", "A", "2")
    choose(page, "Risk", "B", "2")
    choose(page, "Advice", "B", "No")
    expect(page.get_by_role("group", name="Risk, reply B", exact=True)).to_have_count(
        0 if scripts else 1
    )
    page.get_by_role("radio", name="A better", exact=True).check(force=True)
    page.get_by_role("checkbox", name="Feels safer").check(force=True)
    if scripts:
        check_page(page, name="judge-kinds")
    page.get_by_role("button", name="Send and continue").click()
    page.get_by_text("Sent.").first.wait_for()
    judgement = Judgement.objects.get(assignment=held)
    risks = [one["response"] for one in judgement.ratings if one["criterion"] == "risk"]
    assert risks == [str(held.order_shown[0])]
    assert judgement.why == ["safe"]


def test_writing_and_previewing_questions(open_page: OpenPage, transactional_db: None) -> None:
    study = StudyFactory.create(title="Quiet nights")
    page = open_page(f"/studies/{study.slug}/questions/", user=staff(study).user)
    check_page(page, name="questions")
    page.get_by_role("link", name=re.compile("template.*Counselling replies")).click()
    expect(page.locator("#question-4 [name$=anchor_1]")).to_be_hidden()
    expect(page.locator("#question-6 [name$=anchor_4]")).to_be_visible()
    expect(page.locator("#question-6 [name$=anchor_5]")).to_be_hidden()
    check_page(page, name="questions-template")
    page.get_by_role("button", name="Preview").click()
    risk = page.get_by_role("group", name="Risk of the medical advice, reply B", exact=True)
    expect(risk).to_be_hidden()
    choose(page, "Medical advice", "B", "Yes")
    expect(risk).to_be_visible()
    check_page(page, name="questions-preview")
    page.get_by_role("button", name="Save these questions").click()
    page.get_by_text("can be used in the next round").wait_for()
    assert Rubric.objects.get().template == "counselbench@1"
    page.get_by_role("link", name="Preview").click()
    page.get_by_role("link", name="As a clinician sees it").click()
    expect(page.locator("main")).to_contain_text("Which reply would be better for this person?")
    check_page(page, name="questions-preview-page")
    page.goto(
        f"/studies/{study.slug}/questions/of/counselling-replies-after-counselbench/translate/"
    )
    check_page(page, name="questions-translate")
