"""What a coordinator can take back: a text, a credit, a person, the whole study (standards 5.1)."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.studies import staff


@pytest.mark.slow
def test_taking_back_asks_first(open_page: OpenPage, transactional_db: None) -> None:
    member = judge()
    judging_round(member.cohort, tasks=2)
    send(lease(member))
    at = f"/studies/{member.study.slug}"
    page = open_page(f"{at}/prompts/", user=staff(member.study).user)
    check_page(page, name="prompts")
    page.get_by_role("rowheader").get_by_role("link").first.click()
    check_page(page, name="prompt")
    page.get_by_role("link", name="Take out of the study").first.click()
    check_page(page, name="prompt-take-out")
    page.get_by_role("button", name="Take it out").click()
    page.get_by_text("Taken out of the study on").wait_for()
    page.goto(f"{at}/pay/entries/")
    check_page(page, name="entries")
    page.get_by_role("link", name="Take back").click()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("alert").wait_for()
    check_page(page, name="entry-reverse")
    page.get_by_label("Why is it taken back?").fill("Credited by mistake.")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("takes back the entry of").wait_for()
    page.goto(f"{at}/pause/")
    page.get_by_role("button", name="Pause the study").click()
    check_page(page, name="rounds-paused")
    page.goto(f"{at}/people/")
    page.get_by_role("link", name="Take out").click()
    check_page(page, name="person-take-out")
    page.get_by_role("button", name="Take out of the study").click()
    check_page(page, name="people")
    former = open_page("/", user=member.user)
    former.get_by_role("heading", name="You are no longer part of this study").wait_for()
    check_page(former, name="former")
