"""Eight people judge and a model writes, while the disk is full, and while kill -9 hits every
process at random.

A short form runs with all tests; `make faults` runs 200 kills (`CODESIGN_KILLS`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest

from codesign.config.housekeeping import LONGEST_LOG
from codesign.config.servers.postgres import SUPERUSER
from codesign.config.servers.roles import OWNER_ROLE
from tests.faults.books import WRITTEN, Story, assert_load_goes_on, compare, compare_writing, rows
from tests.faults.disks import Disk, mounted
from tests.faults.people import Judge
from tests.journeys.conftest import STUDY, Installation, installed
from tests.journeys.visitor import Page, Visitor
from tests.support.running import LONGEST, NAMES, PATIENCE, ROOT, eventually, user_environment

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CODESIGN_KILLS", "9"))
SEED = int(os.environ.get("CODESIGN_KILL_SEED", "1"))
TARGETS = ("supervisor", *NAMES)
SLUG = "hard-days"
RUNS = 2 + KILLS // 16
"""Generation runs, so many that the model writes all the while."""
SHORT = {"samples": 2, "max_new_tokens": 24}
PROMPTS = 300 + 60 * KILLS
NO_ROOM = "Our server is full"
PAGES = {
    "panelist": ("/", f"{STUDY}/judge/", f"{STUDY}/pay/", f"{STUDY}/consent/", "/help/"),
    "coordinator": ("/", f"{STUDY}/generation/", f"{STUDY}/releases/", f"{STUDY}/imports/"),
}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk | None]:
    """The disk of the installation's home, one of its own where that can be."""
    folder = tmp_path_factory.mktemp("installation")
    with mounted(folder) as disk:
        yield disk


@pytest.fixture(scope="module")
def installation(
    disk: Disk | None, tmp_path_factory: pytest.TempPathFactory, embedded_model: Path
) -> Iterator[Installation]:
    """With enough to write for the model and enough to judge for eight people."""
    home = disk.folder if disk else tmp_path_factory.mktemp("home")
    with installed(home, embedded_model) as made:
        let_write(made)
        let_judge(made)
        yield made


def let_write(installation: Installation) -> None:
    """Replace the demo's long generation run by many short ones, so that the test can end."""
    with installation.running.connect() as database:
        (round_id,) = database.execute("SELECT id FROM annotations_round").fetchone() or ("",)
        (model,) = database.execute("SELECT name FROM modelhub_modelversion").fetchone() or ("",)
    with staff(installation, "coordinator") as client:
        (demo,) = client.get("generation-runs/").json()["results"]
        assert client.post(f"generation-runs/{demo['id']}/cancel/").status_code == 200
        for seed in range(1, RUNS + 1):
            wanted = {"model": model, "round": str(round_id), "seed": seed, **SHORT}
            answer = client.post("generation-runs/", json=wanted)
            assert answer.status_code == 201, answer.text


def let_judge(installation: Installation) -> None:
    rows = [
        {"prompt": f"Evening {n}: what now?", "responses": [f"Rest, {n}.", f"Ring a friend, {n}."]}
        for n in range(PROMPTS)
    ]
    file = installation.running.home / "prompts.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    installation.manage("import_prompts", SLUG, str(file))
    with installation.running.connect() as database:  # programs judge more than people on a day
        database.execute(
            "INSERT INTO annotations_studylimit (study_id, minutes)"
            " SELECT id, 1440 FROM studies_study WHERE slug = %s",
            [SLUG],
        )


def staff(installation: Installation, role: str) -> httpx.Client:
    """Somebody of the staff, through the API."""
    return httpx.Client(
        base_url=f"http://127.0.0.1:{installation.running.port}/api/v1/studies/{SLUG}/",
        headers={"Authorization": f"Token {installation.account(role)['token']}"},
        timeout=PATIENCE,
    )


@pytest.fixture
def judges(installation: Installation) -> Iterator[list[Judge]]:
    """Everybody of the demo who may judge; they end with the test."""
    home = installation.running.home
    people = [
        Judge(installation.running.port, partial(token_of, home, account["email"]), SLUG)
        for account in installation.accounts
        if account["role"] in ("panelist", "clinician") and account["consented"]
    ]
    assert len(people) == 8
    yield people
    for person in people:
        person.done.set()
    for person in people:
        if person.ident:
            person.join(PATIENCE)


def token_of(home: Path, email: str) -> str:
    """Somebody's token of now."""
    accounts = json.loads((home / "demo-accounts.json").read_text())
    return next(str(one["token"]) for one in accounts if one["email"] == email)


def let_stop(judges: list[Judge]) -> None:
    for judge in judges:
        judge.done.set()
    for judge in judges:
        judge.join(PATIENCE)
        assert not judge.is_alive()
        assert judge.refused == []


@pytest.fixture
def story(record_property: Callable[[str, object], None]) -> Story:
    return Story(record_property)


# --- the disk is full ----------------------------------------------------------------------------


def test_a_full_disk_is_reported_and_breaks_nothing(
    installation: Installation, disk: Disk | None, judges: list[Judge], story: Story
) -> None:
    if disk is None:
        pytest.skip("this machine lets nobody mount a disk")
    running = installation.running
    others = judges[1:]  # the first judges on the page
    panelist = installation.visitor("panelist", consented=True)
    coordinator = installation.visitor("coordinator")
    panelist.choose_topics(STUDY)
    page = panelist.get(f"{STUDY}/judge/")
    bring = coordinator.get(f"{STUDY}/imports/")
    for judge in others:
        judge.start()
    eventually(lambda: all(judge.acknowledged for judge in others))
    with psycopg.connect(superuser_url(installation), autocommit=True) as admin:
        disk.fill()
        running.read_until(f"The disk that holds {running.home} is full")
        assert "Free at least 32 MB there" in running.said
        told = httpx.get(f"http://127.0.0.1:{running.port}/healthz", timeout=PATIENCE)
        assert (told.status_code, told.json()["disk"]) == (503, "full")
        bring_a_file(coordinator, bring, running.home)
        ask_for_a_release(installation)
        back_up(running.home)
        assert_every_page_says_it(panelist, PAGES["panelist"])
        assert_every_page_says_it(coordinator, PAGES["coordinator"])
        stop_by_its_log(admin)
    running.read_until("postgres ended")
    resting = send(panelist, page, status=503)
    assert NO_ROOM in resting.words
    assert "It is still on this page" in resting.words
    assert running.process.poll() is None
    before = sum(len(judge.acknowledged) for judge in others)
    disk.make_room()
    running.read_until("The disk has space again")
    running.wait_until_healthy()
    panelist.submit(resting, resting.form_with("comparison"))
    eventually(lambda: sum(len(judge.acknowledged) for judge in others) > before + 10)
    let_stop(others)
    assert_all_goes_on(installation)
    compare(installation, others, story)
    for log in (running.home / "logs").iterdir():
        assert log.stat().st_size <= LONGEST_LOG


def superuser_url(installation: Installation) -> str:
    run_details = json.loads((installation.running.home / "run.json").read_text())
    return str(run_details["database_owner_url"]).replace(OWNER_ROLE, SUPERUSER, 1)


def bring_a_file(visitor: Visitor, page: Page, home: Path) -> None:
    """A file larger than the disk space is refused with a sentence and not stored."""
    form = page.form_with("file")
    answer = visitor.client.post(
        page.url,
        data=form.values,
        files={"file": ("more.jsonl", b'{"prompt": "Again?"}\n' * 100_000)},
        headers={"Referer": page.url},
    )
    assert answer.status_code == 503
    assert NO_ROOM in answer.text
    assert "choose it again" in answer.text
    assert not [*(home / "uploads").glob("*")]


def ask_for_a_release(installation: Installation) -> None:
    """The request may succeed or fail, depending on the last bytes of the disk."""
    with staff(installation, "coordinator") as client:
        answer = client.post("dataset-releases/", json={"purpose": "training"})
    assert answer.status_code in (201, 503), answer.text
    if answer.status_code == 503:
        assert "disk is full, so this was not saved" in answer.json()["title"]


def back_up(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "backup", str(home / "backup")],
        cwd=ROOT,
        env=user_environment(CODESIGN_HOME=str(home)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "disk is full" in done.stderr or "No space left" in done.stderr
    assert not [*home.glob("backup*")]


def assert_every_page_says_it(visitor: Visitor, paths: tuple[str, ...]) -> None:
    """Pages that only read may load; every other page explains that the disk is full."""
    for path in paths:
        answer = visitor.client.get(path)
        assert answer.status_code in (200, 503), (path, answer.text)
        assert answer.status_code == 200 or NO_ROOM in answer.text


def stop_by_its_log(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    """Use up the prepared WAL files, so that PostgreSQL needs a new one and stops."""
    with pytest.raises(
        psycopg.OperationalError, match=r"server closed the connection|No space left"
    ):
        use_up_its_log(admin)


def use_up_its_log(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    for _ in range(1_000):
        admin.execute("SELECT pg_switch_wal()")
        admin.execute("SELECT pg_logical_emit_message(true, 'x', repeat('x', 3000000))")


def send(visitor: Visitor, page: Page, *, status: int) -> Page:
    """Judge on the page."""
    form = page.form_with("comparison")
    named = {part.split('"')[0] for part in page.text.split('name="')[1:]}
    answers = {name: "4" for name in named if name.startswith("rating-")}
    return visitor.submit(page, form, status=status, **answers, comparison="0", do="send")


def assert_all_goes_on(installation: Installation) -> None:
    """Check that the model writes, releases end, and new submissions are accepted."""
    ended = "SELECT 1 FROM annotations_datasetrelease WHERE state NOT IN ('frozen', 'failed')"
    with installation.running.connect() as database:
        written = rows(database, WRITTEN)
        eventually(lambda: rows(database, WRITTEN) > written, seconds=LONGEST)
        eventually(lambda: not rows(database, ended))
    assert not [*(installation.running.home / "releases" / ".building").glob("*")]


# --- kill -9 -------------------------------------------------------------------------------------


def order_of_kills() -> list[str]:
    """Each target as often as the others, in a seeded order."""
    order = random.Random(SEED)
    rounds = -(-KILLS // len(TARGETS))
    return [one for _ in range(rounds) for one in order.sample(TARGETS, len(TARGETS))][:KILLS]


def kill(installation: Installation, name: str) -> float:
    """Kill one process; return the seconds until everything answers again."""
    running = installation.running
    began = time.monotonic()
    if name == "supervisor":
        running.process.kill()
        running.process.wait()
        eventually(lambda: not running.processes())
        running.start_again()
    else:
        eventually(lambda: running.find(NAMES[name]))
        (victim,) = running.find(NAMES[name])
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: running.find(NAMES[name]) - {victim})
    running.wait_until_healthy()
    return time.monotonic() - began


def test_acknowledged_work_survives_killed_processes(
    installation: Installation, judges: list[Judge], story: Story
) -> None:
    for judge in judges:
        judge.start()
    pause = random.Random(SEED)
    try:
        for name in order_of_kills():
            story.killed(name, kill(installation, name))
            time.sleep(pause.uniform(0, 2))  # a random moment of the work is what is hit next
        assert_load_goes_on(installation, judges, story)
    finally:
        story.tell_kills()
    let_stop(judges)
    compare(installation, judges, story)
    compare_writing(installation, story)
