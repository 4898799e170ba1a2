"""Pages of dataset releases (standards 5.1)."""

from __future__ import annotations

import pytest

from annotations.queries.releases import JOB
from tests.browser.conftest import OpenPage
from tests.browser.looking import check_page
from tests.support.jobs import run_all
from tests.support.release_study import Story, release, withdraw


@pytest.mark.slow
def test_releases_are_asked_for_read_and_superseded(
    open_page: OpenPage, transactional_db: None
) -> None:
    story = Story()
    leaves = story.member()
    for held_out in (False, True):
        story.judge(leaves, story.prompt(held_out=held_out), example=True)
    story.judge(story.member(), story.prompt())
    story.judge(story.member("clinical"), story.prompt())  # longer names: a config for each cohort
    page = open_page(f"/studies/{story.study.slug}/releases/", user=story.coordinator.user)
    check_page(page, name="releases-none")
    page.get_by_role("link", name="Request a release").click()
    check_page(page, name="release-ask")
    page.get_by_label("Training models").check()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.get_by_role("button", name="Request the release").dblclick()
    page.get_by_role("heading", name="Building the release").wait_for()
    assert sent.count("POST") == 1
    check_page(page, name="release-being-made")
    assert run_all(JOB) == 1
    page.get_by_role(
        "heading", name="About this release"
    ).wait_for()  # the page found out by itself
    check_page(page, name="release-frozen")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="manifest.json").click()
    assert downloading.value.suggested_filename.endswith("manifest.json")
    release(story.study, "publication")
    withdraw(leaves)
    page.reload()
    page.get_by_text("Do not use this release for anything new").wait_for()
    assert page.get_by_role("link", name="manifest.json").count() == 0
    check_page(page, name="release-superseded")
    page.goto(f"/studies/{story.study.slug}/releases/")
    check_page(page, name="releases")
