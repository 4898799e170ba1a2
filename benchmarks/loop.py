"""The judging loop over HTTP beside a bare view on the same server."""

from __future__ import annotations

from benchmarks import machine
from benchmarks.load import Measured, measure
from benchmarks.people import Person

LEVELS = (1, 8, 32)


def run(people: list[Person]) -> None:
    """Print send-and-next per second with 1, 8 and 32 people, and its ratio to the bare view."""
    with machine.web() as port:
        measure("bare", port, people[:8], seconds=2)
        print("\nJudging loop (POST a submission, get the next assignment) beside a bare view")
        print(f"{'people':>6} {'':>6} {'per s':>8} {'p50 ms':>8} {'p95 ms':>8} {'errors':>6}")
        taken = 0
        for level in LEVELS:
            bare = measure("bare", port, people[:level])
            judge = measure("judge", port, people[taken : taken + level])
            taken += level
            for name, row in (("bare", bare), ("judge", judge)):
                _line(name, row)
            print(f"{'':>13} ratio {judge.per_second / bare.per_second:.2f}")


def _line(name: str, row: Measured) -> None:
    print(
        f"{row.people:>6} {name:>6} {row.per_second:>8.1f} {row.p50:>8.1f} {row.p95:>8.1f}"
        f" {row.errors:>6}"
    )
