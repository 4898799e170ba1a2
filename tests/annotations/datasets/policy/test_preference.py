"""Truth tables: which comparisons become a preference, and why the others do not."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.datasets.policy.snapshot import FlagSnapshot
from tests.support.snapshots import (
    judgement,
    preferences,
    prompt,
    response,
    selection,
    winner,
)

A_FIRST, B_FIRST, EQUAL = [["a"], ["b"]], [["b"], ["a"]], [["a", "b"]]


def flag(response_id: str, state: str) -> FlagSnapshot:
    return FlagSnapshot("judgement of somebody", response_id, "sycophancy", 2, state)


@pytest.mark.parametrize(
    ("rankings", "chosen"),
    [
        ([A_FIRST], "a"),
        ([B_FIRST], "b"),
        ([A_FIRST, A_FIRST, B_FIRST], "a"),
        ([A_FIRST, EQUAL, EQUAL], "a"),
        ([EQUAL], None),
        ([A_FIRST, B_FIRST], None),
    ],
)
def test_one_record_per_pair(rankings: list[Any], chosen: str | None) -> None:
    judged = [judgement(f"lived-{n}", ranking) for n, ranking in enumerate(rankings)]
    records, dropped = preferences(selection(judged))
    assert [winner(r) for r in records] == ([chosen] if chosen else [])
    assert dropped == ({} if chosen else {"tie": 1})


def test_a_record_is_what_a_trainer_takes() -> None:
    records, _ = preferences(
        selection([judgement("lived-1", A_FIRST, strength=3), judgement("clinical-1", EQUAL)])
    )
    (record,) = records
    assert record["prompt"] == [{"role": "user", "content": "Question p"}]
    assert record["chosen"] == [{"role": "assistant", "content": "Text of a"}]
    assert record["rejected"] == [{"role": "assistant", "content": "Text of b"}]
    assert record["margin"] == 1.5  # 3 in one cohort, 0 in the other
    assert record["meta"]["rubrics"] == ["clinical@1", "lived@1"]
    assert [(c["role"], c["wins"], c["ties"]) for c in record["meta"]["cohorts"]] == [
        ("clinician", 0, 1),
        ("panelist", 1, 0),
    ]


@pytest.mark.parametrize(
    ("said", "margin"),
    [
        ([(A_FIRST, 1)], 1.0),
        ([(A_FIRST, 2), (A_FIRST, 3)], 2.5),
        ([(A_FIRST, None)], 1.0),
        ([(A_FIRST, 1), (A_FIRST, 1), (B_FIRST, 3)], 0.0),
        ([(A_FIRST, 3), (A_FIRST, 1), (B_FIRST, 1)], 1.0),
    ],
)
def test_margin_is_the_mean_strength(said: list[Any], margin: float) -> None:
    judged = [judgement(f"lived-{n}", r, strength=s) for n, (r, s) in enumerate(said)]
    (record,), _ = preferences(selection(judged))
    assert record["margin"] == margin


def test_the_margin_is_the_mean_of_cohorts_and_not_of_heads() -> None:
    """Three people prefer it much and one slightly: (3 + 1) / 2, not (3 + 3 + 3 + 1) / 4."""
    judged = [judgement(f"lived-{n}", A_FIRST, strength=3) for n in range(3)]
    judged.append(judgement("clinical-1", A_FIRST, strength=1))
    (record,), _ = preferences(selection(judged))
    assert record["margin"] == 2.0


def test_contested_pairs_are_listed_and_not_pooled() -> None:
    judged = [judgement(f"lived-{n}", A_FIRST) for n in range(3)]
    judged += [judgement(f"clinical-{n}", B_FIRST) for n in range(3)]
    (listed,), dropped = preferences(selection(judged))
    assert dropped == {"contested": 1}
    assert listed["first"][0]["content"] == "Text of a"
    assert "chosen" not in listed


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [
        ([], "a"),
        ([flag("a", "dismissed")], "a"),
        ([flag("a", "reported")], "open_flag"),
        ([flag("b", "reported")], "open_flag"),
        ([flag("b", "triaged")], "open_flag"),
        ([flag("a", "upheld")], "upheld_harm"),  # whatever the votes
        ([flag("b", "upheld")], "a"),  # a harmful text may be rejected
        ([flag("a", "dismissed"), flag("a", "upheld")], "upheld_harm"),
        ([flag("twin of a", "upheld")], "upheld_harm"),  # the same words, generated twice
    ],
)
def test_flags(flags: list[FlagSnapshot], outcome: str) -> None:
    responses = [response("a"), response("b"), response("twin of a", text="Text  of A")]
    records, dropped = preferences(
        selection([judgement("lived-1", A_FIRST)], responses=responses, flags=flags)
    )
    assert [winner(r) for r in records] + list(dropped) == [outcome]


@pytest.mark.parametrize(
    ("harm_by", "compared_by", "outcome"),
    [
        (["lived-1"], [], "all_harmful"),
        (["lived-1"], ["lived-2"], "all_harmful"),  # half
        (["lived-1"], ["lived-2", "lived-3"], "a"),
        (["clinical-1"], ["lived-2", "lived-3", "lived-4"], "all_harmful"),  # a clinician's veto
    ],
)
def test_reports_of_harm_weigh_against_comparisons(
    harm_by: list[str], compared_by: list[str], outcome: str
) -> None:
    judged = [judgement(person, [], all_harmful=True) for person in harm_by]
    judged += [judgement(person, A_FIRST) for person in compared_by]
    records, dropped = preferences(selection(judged))
    assert [winner(r) for r in records] + list(dropped) == [outcome]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"held_out": True}, "held_out"),
        ({"withdrawn": True}, "prompt_withdrawn"),
        ({"split_group": "group-held"}, "held_out_group"),
    ],
)
def test_prompts_that_stay_out(changes: dict[str, Any], reason: str) -> None:
    held = prompt("held", held_out=True)
    records, dropped = preferences(
        selection([judgement("lived-1", A_FIRST)], prompts=[prompt(**changes), held])
    )
    assert records == []
    assert dropped == {reason: 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"record_withdrawn": True}, "consent_withdrawn"),
        ({"round_kind": "evaluation"}, "evaluation_round"),
        ({"member_id": "lived-9"}, "no_consent"),
    ],
)
def test_judgements_that_stay_out(changes: dict[str, Any], reason: str) -> None:
    judged = [judgement("lived-1", A_FIRST, **changes)]
    records, dropped = preferences(selection(judged, granting={"lived-1"}))
    assert records == []
    assert dropped == {reason: 1}


def test_only_votes_with_consent_count() -> None:
    judged = [judgement("lived-1", A_FIRST)] + [judgement(f"lived-{n}", B_FIRST) for n in (2, 3)]
    records, dropped = preferences(selection(judged, granting={"lived-1"}))
    assert [winner(r) for r in records] == ["a"]
    assert dropped == {}


def test_withdrawn_responses_stay_out() -> None:
    responses = [response("a"), response("b", withdrawn=True)]
    records, dropped = preferences(selection([judgement("lived-1", A_FIRST)], responses=responses))
    assert (records, dropped) == ([], {"response_withdrawn": 1})


def test_identical_texts_are_not_compared() -> None:
    responses = [response("a", text="Same"), response("b", text=" Same ")]
    records, dropped = preferences(selection([judgement("lived-1", A_FIRST)], responses=responses))
    assert (records, dropped) == ([], {"identical_text": 1})


def test_one_person_has_one_vote_on_a_pair() -> None:
    judged = [
        judgement("lived-1", A_FIRST),
        judgement("lived-1", B_FIRST, id="seen again"),
        judgement("lived-1", B_FIRST, id="seen once more"),
    ]
    (record,), _ = preferences(selection(judged))
    assert winner(record) == "a"
    assert record["meta"]["cohorts"][0]["wins"] == 1


def test_examples_are_marked() -> None:
    judged = [judgement("lived-1", A_FIRST), judgement("lived-2", A_FIRST, example=True)]
    (record,), _ = preferences(selection(judged))
    assert record["meta"]["example"] is True
