"""The judging loop over HTTP, through the API and on the page, compared with a bare view."""

from __future__ import annotations

from benchmarks import machine
from benchmarks.load import Measured, measure
from benchmarks.people import Person

LEVELS = (1, 8, 32)


def run(people: list[Person], database: int) -> None:
    """Print submissions per second with 1, 8 and 32 people, and the ratio to the bare view.

    Also prints the processor time of each request in milliseconds for the server (web, database)
    and for the client, which uses the same processors on a small machine.
    """
    with machine.web() as (port, server):
        measure("bare", port, people[:8], seconds=2)
        print("\nJudging loop (submit, get the next assignment), compared with a bare view")
        print(
            f"{'people':>6} {'':>6} {'per s':>8} {'p50 ms':>8} {'p95 ms':>8} {'errors':>6}"
            f" {'ratio':>6} | {'web ms':>7} {'db ms':>6} {'client':>6}"
        )
        taken = 0
        for level in LEVELS:
            crowd = people[taken : taken + level]
            taken += level
            bare: Measured | None = None
            for kind in ("bare", "judge", "page"):
                before = [machine.processor_seconds(process) for process in (server, database)]
                row = measure(kind, port, crowd)
                after = [machine.processor_seconds(process) for process in (server, database)]
                bare = bare or row
                ratio = row.per_second / bare.per_second
                each = [1e3 * (b - a) / len(row.times) for a, b in zip(before, after, strict=True)]
                _line(kind, row, ratio, each)


def _line(kind: str, row: Measured, ratio: float, each: list[float]) -> None:
    print(
        f"{row.people:>6} {kind:>6} {row.per_second:>8.1f} {row.p50:>8.1f} {row.p95:>8.1f}"
        f" {row.errors:>6} {ratio:>6.2f} | {each[0]:>7.2f} {each[1]:>6.2f} {row.own:>6.2f}",
        flush=True,
    )
