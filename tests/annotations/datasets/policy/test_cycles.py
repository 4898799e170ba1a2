"""Truth tables: which votes form a cycle, and which pairs are in one."""

import pytest

from annotations.datasets.policy.cycles import find_cycles, pairs_in_cycles
from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pairs import gather_pairs
from tests.support.snapshots import judged_prompts_of, judgement, response, selection


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
    texts_of_cycle: dict[int, set[str]] = {}
    for text, number in find_cycles([(one[0], one[1]) for one in preferred]).items():
        texts_of_cycle.setdefault(number, set()).add(text)
    assert sorted("".join(sorted(cycle)) for cycle in texts_of_cycle.values()) == cycles


@pytest.mark.parametrize(
    ("votes", "same_text", "without_consent", "in_cycles"),
    [
        (["a>b", "b>c", "c>a"], "", "", ["ab", "ac", "bc"]),
        (["b>a", "c>b", "a>c"], "", "", ["ab", "ac", "bc"]),
        (["a>b", "b>c", "a>c"], "", "", []),
        (["a>b", "b>c", "a=c"], "", "", []),
        (["a>b", "b>c", "c>a"], "", "c>a", []),
        (["a>b"], "", "", []),
        (["a>b", "b>c"], "ac", "", ["ab", "bc"]),
        (["a>b", "c>b", "a>c"], "ac", "", []),
        (["a>b", "c>b"], "ac", "", []),
    ],
)
def test_pairs_in_cycles(
    votes: list[str], same_text: str, without_consent: str, in_cycles: list[str]
) -> None:
    """Each vote is one person's. A tie and a vote without consent prefer neither response."""
    judgements = [
        judgement(
            f"lived-{number}",
            [[vote[0], vote[2]]] if vote[1] == "=" else [[vote[0]], [vote[2]]],
            order_shown=sorted(vote[::2]),
        )
        for number, vote in enumerate(votes)
    ]
    chosen = selection(
        judgements,
        responses=[response(n, text="The same" if n in same_text else f"{n}") for n in "abc"],
        granting={
            one.member_id
            for one, vote in zip(judgements, votes, strict=True)
            if vote != without_consent
        },
    )
    (judged_prompt,) = judged_prompts_of(chosen)
    pairs = gather_pairs(judged_prompt, Eligibility(judged_prompt, chosen))
    cyclic_pairs = pairs_in_cycles(pairs, judged_prompt)
    assert sorted(first + second for first, second in cyclic_pairs) == in_cycles
