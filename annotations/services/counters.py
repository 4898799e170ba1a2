"""Folding the tallies of rounds and of the ledger, so that reading one stays reading a few rows."""

from __future__ import annotations

from annotations.models import RoundTally
from codesign.compensation import services as compensation
from codesign.shared.counters import fold


def fold_all() -> int:
    """Put one row in the place of many; how many went. What they add up to stays the same."""
    folded = fold(RoundTally, by=("round_id", "cohort_id"), sums=("tasks", "seats", "judged"))
    return folded + compensation.fold_book()
