"""Truth table: which votes form a cycle."""

import pytest

from annotations.datasets.policy.cycles import find_cycles


@pytest.mark.parametrize(
    ("preferred", "cycles"),
    [
        ([], []),
        (["ab"], []),
        (["ab", "bc", "ac"], []),
        (["ab", "bc", "ca"], ["abc"]),
        (["ab", "bc", "ca", "ad", "bd", "cd"], ["abc"]),
        (["ab", "bc", "cd", "da", "ac", "bd"], ["abcd"]),
        (["ab", "bc", "ca", "cd", "de", "ef", "fd"], ["abc", "def"]),
        (["ab", "ba"], ["ab"]),
    ],
)
def test_cycles(preferred: list[str], cycles: list[str]) -> None:
    found: dict[int, set[str]] = {}
    for text, number in find_cycles([(one[0], one[1]) for one in preferred]).items():
        found.setdefault(number, set()).add(text)
    assert sorted("".join(sorted(cycle)) for cycle in found.values()) == cycles
