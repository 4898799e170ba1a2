"""Truth tables: which pairs a ranking compares, and whose votes a pair has."""

import pytest

from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pairs import Pair, Vote, compared_pairs, gather_pairs
from tests.support.snapshots import judged_prompts_of, judgement, selection


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


@pytest.mark.parametrize(
    ("side", "strength", "signed"),
    [(1, None, 1), (-1, None, -1), (0, None, 0), (1, 3, 3), (-1, 2, -2), (0, 3, 0)],
)
def test_the_strength_of_a_vote_has_its_sign(side: int, strength: int | None, signed: int) -> None:
    assert Vote(judgement("lived-1", [], strength=strength), side).signed_strength == signed


def gathered() -> dict[str, Pair]:
    """Three people rank, one of them without consent; three report harm, one without consent."""
    judgements = [
        judgement("lived-1", [["a"], ["b"], ["c"]], id="1", order_shown=["c", "b", "a"]),
        judgement("lived-1", [["b"], ["a"]], id="2"),
        judgement("lived-2", [["b"], ["a"]], id="3"),
        judgement("lived-3", [], id="4", order_shown=["b", "a"], all_harmful=True),
        judgement("lived-4", [], id="5", all_harmful=True),
        judgement("lived-5", [], id="6", all_harmful=True),
        judgement("clinical-6", [["a"], ["b"]], id="7"),
    ]
    granting = {"lived-1", "lived-3", "lived-5", "clinical-6"}
    chosen = selection(judgements, granting=granting)
    (judged_prompt,) = judged_prompts_of(chosen)
    pairs = gather_pairs(judged_prompt, Eligibility(judged_prompt, chosen))
    return {pair.first + pair.second: pair for pair in pairs}


def test_a_pair_has_one_vote_of_each_person_who_consents() -> None:
    pairs = gathered()
    assert sorted(pairs) == ["ab", "ac", "bc"]
    votes = pairs["ab"].votes
    assert {member: vote.side for member, vote in votes.items()} == {"lived-1": 1, "clinical-6": 1}
    assert [vote.judgement.id for vote in votes.values()] == ["1", "7"]
    assert [vote.ranking_length for vote in votes.values()] == [3, 2]
    assert list(pairs["ab"].by_cohort) == ["clinical", "lived"]
    assert {cohort: tally.wins for cohort, tally in pairs["ab"].tallies.items()} == {
        "clinical": 1,
        "lived": 1,
    }
    assert [*pairs["ac"].votes] == [*pairs["bc"].votes] == ["lived-1"]


def test_reports_of_harm_are_kept_apart_by_consent_and_count_together() -> None:
    pair = gathered()["ab"]
    assert sorted(pair.harm_reports) == ["lived-3", "lived-5"]
    assert pair.ineligible_harm_reports == {"lived-4": "panelist"}
    assert [one.cohort for one in pair.ineligible] == ["lived", "lived"]
    assert pair.vetoed  # three reports and two votes
    assert not gathered()["ac"].vetoed


def test_the_pair_of_one_cohort_has_its_votes_alone() -> None:
    pair = gathered()["ab"]
    assert pair.cohorts() == ["clinical", "lived"]
    lived, clinical = pair.of_cohort("lived"), pair.of_cohort("clinical")
    assert ([*lived.votes], [*clinical.votes]) == (["lived-1"], ["clinical-6"])
    assert (len(lived.harm_reports), len(clinical.harm_reports)) == (2, 0)
    assert (len(lived.ineligible), len(clinical.ineligible)) == (2, 0)
    assert lived.vetoed
    assert clinical.vetoed


def test_one_report_does_not_outweigh_three_votes() -> None:
    judgements = [judgement(f"lived-{n}", [["a"], ["b"]]) for n in (1, 2, 3)]
    judgements.append(judgement("lived-4", [], all_harmful=True))
    chosen = selection(judgements)
    (judged_prompt,) = judged_prompts_of(chosen)
    (pair,) = gather_pairs(judged_prompt, Eligibility(judged_prompt, chosen))
    assert not pair.vetoed
