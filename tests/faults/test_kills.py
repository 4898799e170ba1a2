"""Random kill -9 over every process while eight people judge and a model writes.

A short form runs with all tests; `make faults` runs 200 kills (`CODESIGN_KILLS`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.config.running import eventually
from tests.config.test_supervisor import NAMES
from tests.faults.people import Judge
from tests.journeys.conftest import Installation, installation

__all__ = ["installation"]
pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CODESIGN_KILLS", "9"))
SEED = int(os.environ.get("CODESIGN_KILL_SEED", "1"))
TARGETS = ("supervisor", *NAMES)
SLUG = "hard-days"
LONGEST_WRITING = 900.0

ACKNOWLEDGED = """
    SELECT count(*) FROM annotations_judgement j JOIN annotations_assignment a
    ON a.id = j.assignment_id WHERE j.id = ANY(%s::uuid[]) AND a.state = 'submitted'
"""
SEATS_TWICE = """
    SELECT seat_id FROM annotations_assignment WHERE state IN ('leased', 'submitted')
    GROUP BY seat_id HAVING count(*) > 1
"""
SEATS_ASTRAY = """
    SELECT s.id, s.state, a.state FROM annotations_seat s LEFT JOIN annotations_assignment a
    ON a.seat_id = s.id AND a.state IN ('leased', 'submitted')
    WHERE s.state <> CASE a.state WHEN 'leased' THEN 'leased' WHEN 'submitted' THEN 'filled'
    ELSE 'free' END
"""
ITEMS_ASTRAY = """
    SELECT i.id, i.state FROM modelhub_generationitem i WHERE i.state <> 'done'
    OR i.response_id IS NULL OR NOT EXISTS (
        SELECT FROM annotations_response r WHERE r.id = i.response_id)
"""


def order_of_kills() -> list[str]:
    """Each target as often as the others, in a seeded order."""
    order = random.Random(SEED)
    rounds = -(-KILLS // len(TARGETS))
    return [one for _ in range(rounds) for one in order.sample(TARGETS, len(TARGETS))][:KILLS]


def token_of(home: Path, email: str) -> str:
    """Somebody's token of now."""
    accounts = json.loads((home / "demo-accounts.json").read_text())
    return next(str(one["token"]) for one in accounts if one["email"] == email)


@pytest.fixture
def judges(installation: Installation, tmp_path: Path) -> Iterator[list[Judge]]:
    """Everybody of the demo who may judge, with enough to do; they end with the test."""
    rows = [
        {"prompt": f"Evening {n}: what now?", "responses": [f"Rest, {n}.", f"Ring a friend, {n}."]}
        for n in range(60 * KILLS)
    ]
    file = tmp_path / "prompts.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    installation.manage("import_prompts", SLUG, str(file))
    home = installation.running.home
    people = [
        Judge(installation.running.port, partial(token_of, home, account["email"]), SLUG)
        for account in installation.accounts
        if account["role"] in ("panelist", "clinician") and account["consented"]
    ]
    yield people
    for person in people:
        person.done.set()
    for person in people:
        person.join(timeout=60)


def kill(installation: Installation, name: str) -> None:
    """Kill one process, and wait until everything answers again."""
    running = installation.running
    if name == "supervisor":
        running.process.kill()
        running.process.wait()
        eventually(lambda: not running.processes(), seconds=30)
        running.start_again()
    else:
        eventually(lambda: running.find(NAMES[name]))
        (victim,) = running.find(NAMES[name])
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: running.find(NAMES[name]) - {victim})
    running.wait_until_healthy()


def test_nothing_acknowledged_is_lost_whatever_is_killed(
    installation: Installation, judges: list[Judge]
) -> None:
    assert len(judges) == 8
    for judge in judges:
        judge.start()
    pause = random.Random(SEED)
    for name in order_of_kills():
        kill(installation, name)
        time.sleep(pause.uniform(0, 2))  # a random moment of the work is what is hit next
    for judge in judges:
        judge.done.set()
        judge.join(timeout=60)
        assert not judge.is_alive()
        assert judge.refused == []
    acknowledged = [one for judge in judges for one in judge.acknowledged]
    assert acknowledged
    assert len(acknowledged) == len(set(acknowledged))
    with installation.running.connect() as database:
        assert database.execute(ACKNOWLEDGED, [acknowledged]).fetchone() == (len(acknowledged),)
        assert database.execute(SEATS_TWICE).fetchall() == []
        assert database.execute(SEATS_ASTRAY).fetchall() == []
        failed = "SELECT error FROM modelhub_generationrun WHERE state = 'failed'"
        assert database.execute(failed).fetchall() == []
        left = "SELECT 1 FROM modelhub_generationrun WHERE state <> 'done'"
        eventually(lambda: not database.execute(left).fetchall(), seconds=LONGEST_WRITING)
        assert database.execute(ITEMS_ASTRAY).fetchall() == []
    installation.manage("trial_balance")
    installation.manage("verify_audit")
