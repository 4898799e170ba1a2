"""Which split a record is in. The prompt's split group alone decides, so that it never changes."""

from __future__ import annotations

import hashlib

SPLITS = ("train", "validation", "test")
SALT = "codesign-split-1"
VALIDATION_FROM, TEST_FROM = 80, 90
"""Percent: 80 in train, 10 in validation, 10 in test."""


def split_of(*, study_id: str, split_group: str, held_out: bool = False) -> str:
    """The split of a group, the same in every release of a study.

    A held-out prompt, which releases for evaluation alone contain, is in test.
    """
    if held_out:
        return "test"
    digest = hashlib.sha256(f"{SALT}|{study_id}|{split_group}".encode()).digest()
    percentile = int.from_bytes(digest[:8], "big") % 100
    if percentile < VALIDATION_FROM:
        return "train"
    return "validation" if percentile < TEST_FROM else "test"
