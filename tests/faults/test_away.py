"""Without a database for half a minute, or without a broker, nothing is lost."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from codesign.config.servers.folders import socket_folder
from codesign.config.servers.postgres import SUPERUSER, Postgres
from codesign.config.servers.valkey import Valkey
from tests.faults.people import answer_to
from tests.journeys.conftest import STUDY, Installation
from tests.journeys.visitor import Visitor
from tests.support.running import READY, Running, eventually

pytestmark = pytest.mark.slow
GONE_S = 35.0
"""Longer than attempts to reconnect stay close together."""
FREE_FOR_CLINICIANS = """
    SELECT count(*) FROM annotations_seat s JOIN studies_cohort c ON c.id = s.cohort_id
    WHERE s.offered AND c.role = 'clinician'
"""
WORDS = "What somebody wrote while the database was away."


class Apart(Installation):
    """An installation whose servers are ours to stop and start."""

    postgres: Postgres
    valkey: Valkey


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory, embedded_model: Path) -> Iterator[Apart]:
    folder = tmp_path_factory.mktemp("apart")
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    (home / "models" / embedded_model.name).symlink_to(embedded_model)
    sockets = socket_folder(folder)
    postgres = Postgres(data=folder / "postgres", sockets=sockets, log=folder / "postgres.log")
    valkey = Valkey(data=folder / "valkey", sockets=sockets, log=folder / "valkey.log")
    postgres.start()
    valkey.start()
    servers = {
        "DATABASE_URL": postgres.url(SUPERUSER, database=SUPERUSER),
        "CELERY_BROKER_URL": valkey.url(),
    }
    more = {"CODESIGN_DEMO": "1", "CODESIGN_MODEL_THREADS": "1"}
    running = Running(home, environment=servers | more)
    try:
        running.read_until(READY)
        running.wait_until_healthy()
        made = Apart(running, json.loads((home / "demo-accounts.json").read_text()))
        made.postgres, made.valkey = postgres, valkey
        yield made
        for visitor in made.visitors:
            visitor.client.close()
    finally:
        running.stop()
        valkey.stop()
        postgres.stop()


def count(apart: Apart, query: str) -> int:
    with psycopg.connect(apart.postgres.url(SUPERUSER, database=SUPERUSER)) as database:
        row = database.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def judge_page(visitor: Visitor) -> bool:
    return 'id="judge"' in visitor.get(f"{STUDY}/judge/").text


def test_the_database_is_gone_for_half_a_minute(apart: Apart, browser: Browser) -> None:
    visitor = apart.visitor("panelist", consented=True)
    visitor.choose_topics(STUDY)
    eventually(lambda: judge_page(visitor))
    page = visitor.get(f"{STUDY}/judge/")
    form = page.form_with("comparison")
    tab = tab_of(visitor, browser)
    tab.goto(page.url)
    apart.postgres.stop()
    gone = time.monotonic()
    tab.locator("textarea[name=comment]").fill(WORDS)
    answers = {one["name"]: "4" for one in ratings_of(page.text)}
    resting = visitor.submit(page, form, status=503, **answers, comparison="0", do="send")
    assert "We could not save what you just sent. It is still on this page" in resting.words
    told = httpx.get(f"http://127.0.0.1:{apart.running.port}/healthz", timeout=30)
    assert (told.status_code, "database" in told.text) == (503, True)
    token = apart.account("panelist", consented=True)["token"]
    refused = httpx.get(
        f"http://127.0.0.1:{apart.running.port}/api/v1/studies/",
        headers={"Authorization": f"Token {token}"},
        timeout=30,
    )
    assert refused.status_code == 503
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"]
    expect(tab.locator("#saved")).to_have_text(word(tab, "data-later"), timeout=60_000)
    time.sleep(max(0.0, GONE_S - (time.monotonic() - gone)))
    apart.postgres.start()
    written = "SELECT count(*) FROM modelhub_generationitem WHERE state = 'done'"
    before = count(apart, written)  # what was saved while it stopped says nothing about afterwards
    apart.running.wait_until_healthy()
    for _ in range(6):  # by every web process at once, however long it was in vain
        visitor.get(page.url)
    expect(tab.locator("#saved")).to_have_text(word(tab, "data-saved"), timeout=60_000)
    kept = f"SELECT count(*) FROM annotations_assignment WHERE draft->>'comment' = '{WORDS}'"
    assert count(apart, kept) == 1
    tab.context.close()
    visitor.submit(resting, resting.form_with(*answers))
    assert count(apart, "SELECT count(*) FROM annotations_judgement") == 1
    eventually(lambda: count(apart, written) > before)


def tab_of(visitor: Visitor, browser: Browser) -> Tab:
    """Open a tab that is signed in as the visitor."""
    address = str(visitor.client.base_url)
    context = browser.new_context(base_url=address)
    context.add_cookies(
        [
            {"name": name, "value": value, "url": address}
            for name, value in visitor.client.cookies.items()
        ]
    )
    return context.new_page()


def word(tab: Tab, name: str) -> str:
    """Return the sentence of the page for this failure."""
    return tab.locator(f"#judge[{name}], #draft-words[{name}]").get_attribute(name) or ""


def ratings_of(text: str) -> list[dict[str, str]]:
    """The names of the scales on a judging page, once each."""
    names = {part.split('"')[0] for part in text.split('name="')[1:] if part.startswith("rating-")}
    return [{"name": name} for name in sorted(names)]


def test_judging_works_without_a_broker(apart: Apart) -> None:
    token = apart.account("clinician")["token"]
    base = f"http://127.0.0.1:{apart.running.port}/api/v1/"
    before = count(apart, "SELECT count(*) FROM annotations_judgement")
    eventually(lambda: count(apart, FREE_FOR_CLINICIANS) >= 3)
    with httpx.Client(
        base_url=base, headers={"Authorization": f"Token {token}"}, timeout=30
    ) as client:
        apart.valkey.stop()
        told = client.get(base.replace("/api/v1/", "/healthz"))
        assert (told.status_code, "broker" in told.text) == (503, True)
        held = client.post("studies/hard-days/assignments/").json()
        for number in range(3):
            answer = client.post(
                f"assignments/{held['id']}/submission/",
                json=answer_to(held),
                headers={"Idempotency-Key": f"without-broker-{os.getpid()}-{number}"},
            )
            assert answer.status_code == 201, answer.text
            held = answer.json()["next"]
    assert count(apart, "SELECT count(*) FROM annotations_judgement") == before + 3
    apart.valkey.start()
    apart.running.wait_until_healthy()
