"""The whole loop on one machine, as a new user would walk it, with the real model.

A panelist consents, judges and sees the pay in a real browser; a coordinator reviews and releases;
an ML engineer trains and watches it end; the panel compares child and parent, blind.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.apps import apps
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage
from psycopg import sql

from tests.browser.looking import Watch, check_page
from tests.journeys.conftest import STUDY, Installation
from tests.journeys.visitor import Page, Visitor
from tests.support.pages import flowed
from tests.support.running import eventually
from tests.support.tables import APPEND_ONLY

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("installation")]

ENOUGH = 8
"""Prompts with both replies: the journey needs no more, and then stops the run."""
PATIENCE = 600.0


def judged_in_a_browser(page: BrowserPage, *, better: str) -> None:
    """Rate every reply on every question by keyboard-reachable radios, compare, send."""
    for name in page.eval_on_selector_all(
        "input[type=radio][name^=rating-]", "all => [...new Set(all.map(one => one.name))]"
    ):
        page.locator(f'input[name="{name}"][value="4"]').check(force=True)
    page.locator(f'input[name="comparison"][value="{better}"]').check(force=True)
    page.get_by_role("button", name="Send and continue").click()


def test_a_panelist_consents_judges_and_sees_the_pay(
    installation: Installation, browser: Browser
) -> None:
    address = f"http://localhost:{installation.running.port}"
    context = browser.new_context(base_url=address)
    context.set_default_timeout(60_000)
    page = context.new_page()
    Watch(page, own_host=urlsplit(address).netloc)
    newcomer = installation.account("panelist", consented=False)
    page.goto("/")
    page.locator("input[name=login]").fill(newcomer["email"])
    page.locator('input[type="password"]').fill(newcomer["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{address}{STUDY}/")
    check_page(page, "home-before-consent")
    page.locator("main .btn-primary").click()
    page.get_by_label("Your full name").wait_for()
    assert page.locator("input[type=checkbox]:checked").count() == 0  # standards 2.5
    check_page(page, "consent")
    for purpose in ("take_part", "training", "evaluation"):
        page.locator(f"input[name=choice_{purpose}]").check()
    page.get_by_label("Your full name").fill("Panelist Six")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_url(re.compile(rf"{STUDY}/"))
    _choose_topics(page)
    _wait_for_work(page, f"{STUDY}/judge/")
    check_page(page, "judge")
    for number in range(3):
        if page.locator("form#judge").count() == 0:  # the next pair is still being written
            _wait_for_work(page, f"{STUDY}/judge/")
        page.get_by_role("heading", name=f"{number + 1} in this sitting").wait_for()
        if number == 0:
            page.locator("details.tool:has([name=rewrite-A]) > summary").click()
            page.locator("textarea[name=rewrite-A]").fill("I hear you. What would help today?")
        with page.expect_navigation():
            judged_in_a_browser(page, better="A2")
    page.goto(f"{STUDY}/pay/")
    assert "£2.40" in page.locator("main").inner_text()
    check_page(page, "pay")
    page.goto(f"{STUDY}/")
    check_page(page, "home-judging")
    page.goto("/help/")
    check_page(page, "help")
    context.close()


def _choose_topics(page: BrowserPage) -> None:
    page.goto(f"{STUDY}/topics/")
    assert page.locator("input[type=radio]:checked").count() == 0  # standards 4.1
    check_page(page, "topics-first")
    page.get_by_role("button", name="Fine with all of these").click()


def _wait_for_work(page: BrowserPage, path: str) -> None:
    def there() -> bool:
        page.goto(path)
        return page.locator("form#judge").count() == 1

    eventually(there, seconds=PATIENCE)


def judge(visitor: Visitor, page: Page, *, better: str = "A2") -> Page:
    """Answer everything that is asked, send, and get the next page."""
    form = page.form_with("key", to="/judge/")
    filled: dict[str, Any] = {name: "4" for name in form.fields if name.startswith("rating-")}
    filled |= {"comparison": better, "active_seconds": "40", "do": "send"}
    return visitor.submit(page, form, **filled)


def polled(
    visitor: Visitor, path: str, enough: Callable[[Page], object], *, seconds: float = PATIENCE
) -> Page:
    """The page once it shows what is waited for."""
    latest: list[Page] = []

    def look() -> object:
        latest[:] = [visitor.get(path)]
        return enough(latest[0])

    eventually(look, seconds=seconds)
    return latest[0]


def test_the_loop_from_judgement_to_the_next_comparison(installation: Installation) -> None:
    panelist = installation.visitor("panelist", consented=True)
    _leaves_and_comes_back(panelist)
    panelist.choose_topics(STUDY)
    page = polled(panelist, f"{STUDY}/judge/", lambda p: "Send and continue" in p.words)
    judge(panelist, page)
    _enough_is_written(installation)
    installation.manage("seed_judgements", "hard-days")
    _coordinator_reviews(installation)
    release = _coordinator_releases(installation)
    model = _engineer_trains(installation, release)
    comparison = _engineer_compares(installation, model)
    _panel_compares(installation, comparison)
    _history_cannot_be_rewritten(installation)
    assert "ledger balances" in installation.manage("trial_balance")
    assert "is intact" in installation.manage("verify_audit")


def _history_cannot_be_rewritten(installation: Installation) -> None:
    """The application's role may not change history, even in a session that ignores triggers."""
    tables = [apps.get_model(label)._meta.db_table for label in sorted(APPEND_ONLY)]
    with installation.running.connect() as connection:
        for table in map(sql.Identifier, tables):
            for statement in ("UPDATE {} SET id = id", "DELETE FROM {}"):
                connection.execute("SET pgtrigger.ignore = '*:append_only'")
                with pytest.raises(
                    psycopg.errors.InsufficientPrivilege, match="permission denied for table"
                ):
                    connection.execute(sql.SQL(statement).format(table))


def _leaves_and_comes_back(panelist: Visitor) -> None:
    """Leaving takes at most as many steps as joining (standards 2.8), and a return is possible."""
    page = panelist.get(f"{STUDY}/consent/leave/")
    panelist.submit(page, page.form_with(to="leave"))
    page = panelist.get(f"{STUDY}/judge/")
    assert "/consent/" in page.url
    form = page.form_with("typed_name")
    panelist.submit(
        page,
        form,
        typed_name="Panelist One",
        choice_take_part="on",
        choice_training="on",
        choice_evaluation="on",
    )


def _enough_is_written(installation: Installation) -> None:
    """Wait for some pairs, then cancel the run from its page: the rest is not needed here."""
    engineer = installation.visitor("ml_engineer")

    def tasks() -> bool:
        with installation.running.connect() as connection:
            row = connection.execute("SELECT count(*) FROM annotations_task").fetchone()
        return bool(row and int(str(row[0])) >= ENOUGH)

    eventually(tasks, seconds=PATIENCE)
    runs = engineer.get(f"{STUDY}/generation/")
    link = next(link for link in runs.links if re.search(r"/generation/[0-9a-f-]{36}/$", link))
    page = engineer.get(link)
    if any("cancel" in form.action for form in page.forms):
        engineer.submit(page, page.form_with(to="cancel"))


def _coordinator_reviews(installation: Installation) -> None:
    coordinator = installation.visitor("coordinator")
    for kind, state in (("rewrites", "accepted"), ("flags", "dismissed")):
        page = coordinator.get(f"{STUDY}/review/?kind={kind}")
        while any("note" in form.fields for form in page.forms):
            page = coordinator.submit(page, page.form_with("note"), state=state)
        assert f"No {'reports' if kind == 'flags' else 'rewrites'} are waiting" in page.words


def _coordinator_releases(installation: Installation) -> str:
    """Ask for a release, wait until it is frozen, and check every file against its hash."""
    coordinator = installation.visitor("coordinator")
    page = coordinator.get(f"{STUDY}/releases/new/")
    made = coordinator.submit(page, page.form_with("purpose"), purpose="training")
    path = urlsplit(made.url).path
    page = polled(coordinator, path, lambda p: "SHA-256" in p.words)
    assert "example" in page.words  # seeded judgements are marked
    links = [link for link in page.links if "/files/" in link]
    manifest = next(link for link in links if link.endswith("manifest.json"))
    listed = json.loads(coordinator.client.get(manifest).text)["files"]
    for facts in listed:
        link = next(link for link in links if link.endswith(f"/files/{facts['path']}"))
        content = coordinator.client.get(link).content
        assert hashlib.sha256(content).hexdigest() == facts["sha256"]
    assert any("preference" in facts["path"] for facts in listed)
    return path.rstrip("/").rsplit("/", 1)[1]


def _engineer_trains(installation: Installation, release: str) -> str:
    engineer = installation.visitor("ml_engineer")
    page = engineer.get(f"{STUDY}/training/start/")
    made = engineer.submit(
        page,
        page.form_with("release", "base"),
        release=release,
        learning_rate="0.001",
        max_steps="4",
    )
    page = polled(engineer, urlsplit(made.url).path, lambda p: "Open the new model" in p.words)
    assert "Loss" in page.words
    made_here = re.search(
        rf'href="({STUDY}/models/[0-9a-f-]+/)">Open the new model', flowed(page.text)
    )
    assert made_here
    page = engineer.get(made_here[1])
    assert "SHA-256" in page.words
    return urlsplit(page.url).path


def _engineer_compares(installation: Installation, model: str) -> str:
    engineer = installation.visitor("ml_engineer")
    page = engineer.get(model)
    made = engineer.submit(page, page.form_with(to="compare"))
    return urlsplit(made.url).path


def _panel_compares(installation: Installation, comparison: str) -> None:
    """A panelist who has judged everything else gets the pairs; the engineer sees the rate."""
    panelist = installation.visitor("panelist", consented=True)
    texts = _held_out_texts()

    def compares(page: Page) -> bool:
        """Return whether a pair of the comparison is shown, after an earlier assignment is sent."""
        if "Send and continue" not in page.words:
            return False
        if any(text in page.words for text in texts):
            return True
        judge(panelist, page)
        return False

    page = polled(panelist, f"{STUDY}/judge/", compares)
    assert "rating-" in page.text  # a comparison asks what all texts ask
    assert "SmolLM" not in page.text
    judge(panelist, page)
    engineer = installation.visitor("ml_engineer")
    page = polled(engineer, comparison, lambda p: "Lived experience" in p.words)
    assert re.search(r"\d+%", page.words)


def _held_out_texts() -> list[str]:
    from tests.support.running import ROOT

    lines = (ROOT / "codesign/desk/demo/prompts.jsonl").read_text().splitlines()
    prompts = [json.loads(line) for line in lines]
    turns = [
        row["prompt"] if isinstance(row["prompt"], str) else row["prompt"][-1]["content"]
        for row in prompts
        if row["held_out"]
    ]
    return [" ".join(text.split())[:60] for text in turns]
