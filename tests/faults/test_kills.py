"""Random kill -9 over every process while eight people judge and a model writes.

A short form runs with all tests; `make faults` runs 200 kills (`CODESIGN_KILLS`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.config.running import eventually
from tests.config.test_supervisor import NAMES
from tests.faults.conftest import SUMMARY
from tests.faults.people import Judge
from tests.journeys.conftest import Installation, installation

__all__ = ["installation"]
pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CODESIGN_KILLS", "9"))
SEED = int(os.environ.get("CODESIGN_KILL_SEED", "1"))
TARGETS = ("supervisor", *NAMES)
SLUG = "hard-days"
RUNS = -(-KILLS // 6)
"""Generation runs, so many that the model writes all the while."""
SHORT = {"samples": 2, "max_new_tokens": 32}
LONGEST_WRITING = 900.0

ACKNOWLEDGED = """
    SELECT j.id FROM annotations_judgement j JOIN annotations_assignment a
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
CREDITS_ASTRAY = """
    SELECT a.id, a.state, count(t.id) FROM annotations_assignment a
    FULL JOIN compensation_transfer t ON t.about_id = a.id AND t.kind = 'credit'
    WHERE a.state = 'submitted' OR t.id IS NOT NULL
    GROUP BY a.id, a.state HAVING a.state IS DISTINCT FROM 'submitted' OR count(t.id) <> 1
"""
ITEMS_MISSING = """
    SELECT i.id, i.state FROM modelhub_generationitem i
    JOIN modelhub_generationrun g ON g.id = i.run_id
    WHERE g.state <> 'cancelled' AND (i.state <> 'done' OR NOT EXISTS (
        SELECT FROM annotations_response r WHERE r.id = i.response_id))
"""
RESPONSES_TWICE = """
    SELECT r.id FROM annotations_response r JOIN modelhub_source s ON s.id = r.source
    JOIN modelhub_modelversion v ON v.id = s.model_version_id
    WHERE v.kind = 'embedded' AND NOT EXISTS (
        SELECT FROM modelhub_generationitem i WHERE i.response_id = r.id)
"""
WRITTEN = """
    SELECT count(*) FROM modelhub_generationitem i JOIN modelhub_generationrun g
    ON g.id = i.run_id WHERE g.state <> 'cancelled' AND i.state = 'done'
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


def coordinator(installation: Installation) -> httpx.Client:
    """Somebody who starts runs, through the API."""
    return httpx.Client(
        base_url=f"http://127.0.0.1:{installation.running.port}/api/v1/studies/{SLUG}/",
        headers={"Authorization": f"Token {installation.account('coordinator')['token']}"},
        timeout=30,
    )


@pytest.fixture
def writing(installation: Installation) -> None:
    """Many short runs in place of the demo's long one, whose rest nobody would wait for."""
    with installation.running.connect() as database:
        (round_id,) = database.execute("SELECT id FROM annotations_round").fetchone() or ("",)
        (model,) = database.execute("SELECT name FROM modelhub_modelversion").fetchone() or ("",)
    with coordinator(installation) as client:
        (demo,) = client.get("generation-runs/").json()["results"]
        assert client.post(f"generation-runs/{demo['id']}/cancel/").status_code == 200
        for seed in range(1, RUNS + 1):
            wanted = {"model": model, "round": str(round_id), "seed": seed, **SHORT}
            answer = client.post("generation-runs/", json=wanted)
            assert answer.status_code == 201, answer.text


@pytest.fixture
def judges(installation: Installation, writing: None, tmp_path: Path) -> Iterator[list[Judge]]:
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


def kill(installation: Installation, name: str) -> float:
    """Kill one process; return the seconds until everything answers again."""
    running = installation.running
    began = time.monotonic()
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
    return time.monotonic() - began


class Story:
    """What happened, told at the end of the run whether it went well or not."""

    def __init__(self, tell: Callable[[str, object], None]) -> None:
        self._tell = partial(tell, SUMMARY)
        self._back: dict[str, list[float]] = defaultdict(list)

    def killed(self, name: str, back: float) -> None:
        self._back[name].append(back)

    def tell_kills(self) -> None:
        every = [one for found in self._back.values() for one in found]
        if every:
            self._tell(f"{len(every)} kills; everything answered again {self._after(every)}")
        for name, found in sorted(self._back.items()):
            self._tell(f"  {name}: {len(found)} kills, {self._after(found)}")

    @staticmethod
    def _after(seconds: list[float]) -> str:
        return f"after {statistics.median(seconds):.1f} s (median), {max(seconds):.1f} s at most"

    def expect(self, found: int, wanted: int, what: str) -> None:
        """Tell a count; it must be what was wanted."""
        self._tell(f"{what}: {found}")
        assert found == wanted, what


@pytest.fixture
def story(record_property: Callable[[str, object], None]) -> Story:
    return Story(record_property)


def let_all_end(database: Any) -> None:
    """Wait until the model has written everything; no run may have failed."""
    failed = "SELECT error FROM modelhub_generationrun WHERE state = 'failed'"
    left = "SELECT 1 FROM modelhub_generationrun WHERE state NOT IN ('done', 'cancelled')"
    eventually(lambda: not database.execute(left).fetchall(), seconds=LONGEST_WRITING)
    assert database.execute(failed).fetchall() == []


def test_nothing_acknowledged_is_lost_whatever_is_killed(
    installation: Installation, judges: list[Judge], story: Story
) -> None:
    assert len(judges) == 8
    for judge in judges:
        judge.start()
    pause = random.Random(SEED)
    try:
        for name in order_of_kills():
            story.killed(name, kill(installation, name))
            time.sleep(pause.uniform(0, 2))  # a random moment of the work is what is hit next
    finally:
        story.tell_kills()
    for judge in judges:
        judge.done.set()
        judge.join(timeout=60)
        assert not judge.is_alive()
        assert judge.refused == []
    acknowledged = [one for judge in judges for one in judge.acknowledged]
    assert acknowledged
    assert len(acknowledged) == len(set(acknowledged))
    with installation.running.connect() as database:

        def count(query: str, *values: object) -> int:
            return len(database.execute(query.encode(), values).fetchall())

        told = f"judgements acknowledged: {len(acknowledged)}; of these lost"
        kept = count(ACKNOWLEDGED, acknowledged)
        story.expect(len(acknowledged) - kept, 0, told)
        story.expect(count(SEATS_TWICE), 0, "seats filled twice")
        story.expect(count(SEATS_ASTRAY), 0, "seats that say otherwise than their assignment")
        story.expect(count(CREDITS_ASTRAY), 0, "credits missing, doubled or for nothing")
        let_all_end(database)
        (written,) = database.execute(WRITTEN).fetchone() or (0,)
        wanted = "SELECT 1 FROM modelhub_generationitem i JOIN modelhub_generationrun g "
        wanted += "ON g.id = i.run_id WHERE g.state <> 'cancelled'"
        story.expect(int(str(written)), count(wanted), "responses that the model wrote")
        story.expect(count(ITEMS_MISSING), 0, "of these missing")
        story.expect(count(RESPONSES_TWICE), 0, "written twice")
    installation.manage("trial_balance")
    installation.manage("verify_audit")
