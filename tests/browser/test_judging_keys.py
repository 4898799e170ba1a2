"""Single keys while judging, and the switches for them (WCAG 2.1.4)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotations.rules.states import Ask
from tests.browser.conftest import OpenPage
from tests.browser.judging_study import Judging, judging
from tests.browser.looking import check_page

pytestmark = pytest.mark.django_db(transaction=True)
CHECKED = "input[type=radio]:checked"


@pytest.fixture
def study(transactional_db: None) -> Judging:
    return judging(asks=tuple(Ask))


def test_keys_and_their_switches(open_page: OpenPage, study: Judging) -> None:
    page = open_page(study.path, user=study.member.user)
    for key in ("n", "4", "n", "2", "p", "5"):
        page.keyboard.press(key)
    heard = page.get_by_role("group", name="Heard, reply A").get_by_role("radio")
    expect(heard.nth(4)).to_be_checked()
    expect(page.locator(CHECKED)).to_have_count(2)
    page.keyboard.press("b")
    expect(page.locator("#reply-B")).to_be_focused()
    page.keyboard.press("r")
    expect(page.get_by_label("Your version of reply B")).to_be_focused()
    page.keyboard.type(" n4?")
    assert page.get_by_label("Your version of reply B").input_value().count("n4?") == 1
    expect(page.locator(CHECKED)).to_have_count(2)
    heard.nth(4).focus()
    page.keyboard.press("s")
    expect(page.locator(".bar [value=send]")).to_be_focused()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    check_page(page, name="judge-keys")
    dialog.get_by_label("Use these single keys").uncheck()
    dialog.get_by_label("Leave this site when I press Esc three times").uncheck()
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#saved")).to_have_text("Saved")
    page.reload()
    for key in ("n", "1", "?", "Escape", "Escape", "Escape"):
        page.keyboard.press(key)
    expect(dialog).to_be_hidden()
    expect(page.locator(CHECKED)).to_have_count(2)
    expect(heard.nth(4)).to_be_checked()
    expect(page.get_by_role("link", name="Exit this site quickly")).to_be_visible()
    page.get_by_role("button", name="Keys").click()
    expect(dialog.get_by_label("Use these single keys")).not_to_be_checked()
    dialog.get_by_label("Use these single keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
