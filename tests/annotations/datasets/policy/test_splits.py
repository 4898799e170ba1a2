"""Splits are stable, and about eight to one to one."""

import pytest

from annotations.datasets.policy.splits import split_of


def test_splits_are_stable_and_about_eight_to_one_to_one() -> None:
    splits = [split_of(study_id="s", split_group=str(n)) for n in range(2_000)]
    again = [split_of(study_id="s", split_group=str(n)) for n in range(2_000)]
    assert splits == again
    assert 1_520 < splits.count("train") < 1_680
    assert 150 < splits.count("validation") < 250
    assert 150 < splits.count("test") < 250


@pytest.mark.parametrize(
    ("split_group", "percentile", "split"),
    [
        ("2", 0, "train"),
        ("9", 79, "train"),
        ("146", 80, "validation"),
        ("49", 89, "validation"),
        ("18", 90, "test"),
        ("77", 99, "test"),
    ],
)
def test_a_group_keeps_its_split_in_every_later_version(
    split_group: str, percentile: int, split: str
) -> None:
    """The percentiles were calculated once, by hand: the first 8 bytes of the hash, modulo 100."""
    assert split_of(study_id="s", split_group=split_group) == split, percentile
