"""Consistency after faults: judgements, seats, credits and generated responses."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.faults.people import Judge
from tests.journeys.conftest import Installation
from tests.support.reporting import TOLD
from tests.support.running import eventually

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
    SELECT i.id FROM modelhub_generationitem i JOIN modelhub_generationrun g
    ON g.id = i.run_id WHERE g.state <> 'cancelled' AND i.state = 'done'
"""
WANTED = """
    SELECT i.id FROM modelhub_generationitem i JOIN modelhub_generationrun g ON g.id = i.run_id
    WHERE g.state <> 'cancelled'
"""


class Story:
    """Lines about the run, shown at its end after success and after failure."""

    def __init__(self, tell: Callable[[str, object], None]) -> None:
        self.tell = partial(tell, TOLD)
        self._back: dict[str, list[float]] = defaultdict(list)

    def killed(self, name: str, back: float) -> None:
        self._back[name].append(back)

    def tell_kills(self) -> None:
        every = [one for seconds in self._back.values() for one in seconds]
        if every:
            self.tell(f"{len(every)} kills; everything answered again {self._after(every)}")
        for name, seconds in sorted(self._back.items()):
            self.tell(f"  {name}: {len(seconds)} kills, {self._after(seconds)}")

    @staticmethod
    def _after(seconds: list[float]) -> str:
        return f"after {statistics.median(seconds):.1f} s (median), {max(seconds):.1f} s at most"

    def expect(self, count: int, wanted: int, what: str) -> None:
        """Report a count, and check that it is the expected one."""
        self.tell(f"{what}: {count}")
        assert count == wanted, what


def assert_load_goes_on(installation: Installation, judges: Sequence[Judge], story: Story) -> None:
    """Check that work was interrupted: the model and every judge still have work."""
    before = {judge: len(judge.acknowledged) for judge in judges}
    with installation.running.connect() as database:
        left = rows(database, WANTED) - rows(database, WRITTEN)
    try:
        assert left > 0, "nothing was left to write when the last process was killed"
        eventually(lambda: all(len(one.acknowledged) > then for one, then in before.items()))
    finally:
        story.tell(f"responses left to write after the last kill: {left}")
        counts = sorted(len(one.acknowledged) for one in judges)
        story.tell(f"judgements acknowledged, of each judge: {counts}")
        for why, times in Counter(why for one in judges for why in one.unleased).items():
            story.tell(f"refused to give something to judge, {times} times: {why}")


def compare(installation: Installation, judges: Sequence[Judge], story: Story) -> None:
    """Compare acknowledged submissions with stored judgements, seats and credits."""
    acknowledged = [one for judge in judges for one in judge.acknowledged]
    assert acknowledged
    assert len(acknowledged) == len(set(acknowledged))
    with installation.running.connect() as database:
        kept = rows(database, ACKNOWLEDGED, acknowledged)
        told = f"judgements acknowledged: {len(acknowledged)}; of these lost"
        story.expect(len(acknowledged) - kept, 0, told)
        story.expect(rows(database, SEATS_TWICE), 0, "seats filled twice")
        story.expect(rows(database, SEATS_ASTRAY), 0, "seats that contradict their assignment")
        story.expect(rows(database, CREDITS_ASTRAY), 0, "credits missing, doubled or for nothing")
        story.expect(rows(database, RESPONSES_TWICE), 0, "responses of the model without an item")
    installation.manage("trial_balance")
    installation.manage("check_counts")
    installation.manage("verify_audit")


def compare_writing(installation: Installation, story: Story) -> None:
    """Wait until the model has written everything; all of it is there once, and no run failed."""
    failed = "SELECT error FROM modelhub_generationrun WHERE state = 'failed'"
    left = "SELECT 1 FROM modelhub_generationrun WHERE state NOT IN ('done', 'cancelled')"
    with installation.running.connect() as database:
        eventually(lambda: not rows(database, left), seconds=LONGEST_WRITING)
        assert database.execute(failed).fetchall() == []
        wanted = rows(database, WANTED)
        story.expect(rows(database, WRITTEN), wanted, "responses that the model wrote")
        story.expect(rows(database, ITEMS_MISSING), 0, "of these missing")
        story.expect(rows(database, RESPONSES_TWICE), 0, "written twice")


def rows(database: Any, query: str, *values: object) -> int:
    """How many rows a query finds."""
    return len(database.execute(query, values).fetchall())
