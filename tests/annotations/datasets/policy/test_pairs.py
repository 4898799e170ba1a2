"""Truth table: which pairs a ranking compares."""

import pytest

from annotations.datasets.policy.pairs import compared_pairs


@pytest.mark.parametrize(
    ("ranking", "pairs"),
    [
        ([], []),
        ([["a"]], []),
        ([["a"], ["b"]], [("a", "b", 1)]),
        ([["b"], ["a"]], [("a", "b", -1)]),
        ([["b", "a"]], [("a", "b", 0)]),
        ([["a"], ["b"], ["c"]], [("a", "b", 1), ("a", "c", 1), ("b", "c", 1)]),
        ([["b"], ["c"], ["a"]], [("a", "b", -1), ("a", "c", -1), ("b", "c", 1)]),
        ([["c"], ["a", "b"]], [("a", "b", 0), ("a", "c", -1), ("b", "c", -1)]),
    ],
)
def test_a_ranking_compares_every_pair(
    ranking: list[list[str]], pairs: list[tuple[str, str, int]]
) -> None:
    assert sorted(compared_pairs(ranking)) == pairs
