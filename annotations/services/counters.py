"""Fold the counters of rounds and of the ledger, so that reading a counter stays cheap."""

from __future__ import annotations

from annotations.models import RoundCounter
from codesign.compensation.services import ledger
from codesign.shared.counters import fold


def fold_all() -> int:
    """Replace many counter rows by one with the same sum. Return the number of rows removed."""
    folded = fold(RoundCounter, by=("round_id", "cohort_id"), sums=("tasks", "seats", "judged"))
    return folded + ledger.fold_book()
