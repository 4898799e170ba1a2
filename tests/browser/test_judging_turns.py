"""Judging each turn of a conversation in a real browser (standards 5.1, 5.2)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from annotations.models import Judgement
from annotations.rules.states import Ask
from tests.browser.conftest import OpenPage
from tests.browser.judging_tools import BOTH, letter_of, select, send
from tests.browser.looking import check_page
from tests.factories.annotations import judge, lease
from tests.support.judging_page import cohort_of
from tests.support.turns_rubric import EARLIER, turn_scores, turns_round

pytestmark = pytest.mark.django_db(transaction=True)


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


def choose(page: Page, name: str, label: str) -> None:
    group(page, name).get_by_role("radio", name=label).check(force=True)


@BOTH
def test_each_earlier_reply_is_judged_beside_it(open_page: OpenPage, scripts: bool) -> None:
    member = judge()
    turns_round(cohort_of(member), asks=(Ask.RATING, Ask.RANKING))
    held = lease(member)
    page = open_page(f"/studies/{member.study.slug}/judge/", user=member.user, scripts=scripts)
    expect(page.locator("#answered")).to_have_text("0 of 11 answered")
    worst = group(page, "How bad, earlier reply 2")
    expect(worst).to_have_count(0 if scripts else 1)
    for turn, tone, harm in ((1, "Neutral", "No"), (2, "Not sure", "Yes")):
        choose(page, f"Tone, earlier reply {turn}", tone)
        group(page, f"Harm, earlier reply {turn}").get_by_role(
            "radio", name=harm, exact=True
        ).check(force=True)
    expect(worst).to_have_count(1)
    choose(page, "How bad, earlier reply 2", "3")
    if scripts:
        expect(page.locator("#answered")).to_have_text("5 of 12 answered")
        check_page(page, name="judge-turns")
    for letter in "AB":
        choose(page, f"Tone, reply {letter}", "Warm")
        group(page, f"Harm, reply {letter}").get_by_role("radio", name="No", exact=True).check(
            force=True
        )
        choose(page, f"Heard, reply {letter}", "4")
    page.get_by_role("radio", name="A better", exact=True).check(force=True)
    send(page)
    page.get_by_text("Sent.").first.wait_for()
    assert Judgement.objects.get(assignment=held).turn_ratings == turn_scores(EARLIER)


def test_turns_are_judged_by_keys_alone(open_page: OpenPage) -> None:
    member = judge()
    turns_round(cohort_of(member), asks=(Ask.RATING,))
    held = lease(member)
    page = open_page(
        f"/studies/{member.study.slug}/judge/",
        user=member.user,
        viewport={"width": 320, "height": 700},
    )
    page.locator("h1").click()
    for number in ("2", "1", "5", "2", "3", "1", "1", "1", "1", "4", "4"):
        page.keyboard.press("n")
        page.keyboard.press(number)
    expect(page.locator("#answered")).to_have_text("11 of 11 answered")
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.get_by_text("Sent.").first.wait_for()
    assert Judgement.objects.get(assignment=held).turn_ratings == turn_scores(EARLIER)


def test_own_labels_are_chosen_for_marked_words(open_page: OpenPage) -> None:
    member = judge()
    turns_round(cohort_of(member), asks=(Ask.HIGHLIGHT,))
    held = lease(member)
    page = open_page(f"/studies/{member.study.slug}/judge/", user=member.user)
    letter = letter_of(page, "Nobody laughs")
    select(page, letter, "Nobody laughs").click()
    label = page.get_by_role("combobox", name="What is “Nobody laughs”?")
    assert label.locator("option").all_inner_texts() == [
        "What is it? (optional)",
        "Too fast",
        "Gentle",
    ]
    label.select_option("Gentle")
    check_page(page, name="judge-labels")
    send(page)
    page.get_by_text("Sent.").first.wait_for()
    (mark,) = Judgement.objects.get(assignment=held).highlights
    assert mark["label"] == "gentle"
