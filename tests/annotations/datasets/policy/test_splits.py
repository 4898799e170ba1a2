"""Splits are stable, and about eight to one to one."""

from annotations.datasets.policy.splits import split_of


def test_splits_are_stable_and_about_eight_to_one_to_one() -> None:
    found = [split_of(study_id="s", split_group=str(n)) for n in range(2_000)]
    again = [split_of(study_id="s", split_group=str(n)) for n in range(2_000)]
    assert found == again
    assert 1_520 < found.count("train") < 1_680
    assert 150 < found.count("validation") < 250
    assert 150 < found.count("test") < 250
