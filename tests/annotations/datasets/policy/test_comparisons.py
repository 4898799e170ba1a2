"""What a release for evaluation says of two responses that people compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from annotations.rules.scales import UNSURE
from tests.support.snapshots import judgement, made, prompt, response, selection

CONFIG = "comparisons"


def compared(person: str, *ranking: list[str], **changes: Any) -> Any:
    values: dict[str, Any] = {"round_kind": "evaluation", "strength": 2}
    return judgement(person, [*ranking], **values | changes)


def released(*judgements: Any, **changes: Any) -> tuple[list[dict[str, Any]], dict[str, int]]:
    values: dict[str, Any] = {"purpose": "evaluation", "prompts": [prompt(held_out=True)]}
    return made(selection([*judgements], **values | changes), CONFIG)


def test_a_record_has_both_texts_and_what_everybody_preferred() -> None:
    records, dropped = released(
        compared("lived-1", ["b"], ["a"]),
        compared("lived-2", ["a", "b"]),
        compared("clinical-1", ["b"], ["a"], strength=3),
    )
    (record,) = records
    assert dropped == {}
    assert record["prompt"] == [{"role": "user", "content": "Question p"}]
    assert [record[f"response_{n}"][0]["content"] for n in (1, 2)] == ["Text of a", "Text of b"]
    assert record["overall_preference"] == 2.0  # the mean of 1 (of 2 and a tie) and 3
    people = record["individual_preferences"]
    assert sorted((one["cohort"], one["preference"]) for one in people) == [
        ("clinical", 3),
        ("lived", 0),
        ("lived", 2),
    ]
    assert people == sorted(people, key=lambda one: one["rater_pseudonym"])
    meta = record["meta"]
    assert (meta["response_1_id"], meta["response_2_id"], meta["round"]) == ("a", "b", "round")
    assert meta["response_2_model_version_id"] == "model-1"
    assert meta["p"] == 0.7083  # (2/3 + 3/4) / 2
    assert [(row["cohort"], row["wins"], row["ties"]) for row in meta["cohorts"]] == [
        ("clinical", 1, 0),
        ("lived", 1, 1),
    ]


def test_harm_in_both_is_a_result_and_no_reason_to_leave_a_pair_out() -> None:
    harm = compared("clinical-1", all_harmful=True, strength=None)
    ((alone,), _) = released(harm)
    assert (alone["overall_preference"], alone["meta"]["p"]) == (0.0, 0.5)
    assert alone["meta"]["all_harmful"] == 1
    ((both,), _) = released(harm, compared("lived-1", ["a"], ["b"]))
    assert both["overall_preference"] == -2.0
    assert {one["all_harmful"] for one in both["individual_preferences"]} == {True, False}


@pytest.mark.parametrize(
    ("scores", "preference"),
    [
        ({"heard": (2, 5), "calm": (4, 3)}, 1.0),  # 6 against 8
        ({"heard": (5, 4)}, -1.0),
        ({"heard": (4, 5), "calm": (4, 3)}, 0.0),
        ({"heard": (1, 2), "calm": (5, UNSURE)}, 1.0),  # calm has one score alone
        ({"heard": (3, 4), "safe": (1, 0)}, -1.0),  # safe is worth three points
        ({"heard": (3, 4), "polite": (1, 0)}, 1.0),  # polite has no better answer
    ],
)
def test_ratings_without_a_ranking_prefer_the_higher_sum(
    scores: dict[str, tuple[int, int]], preference: float
) -> None:
    """As the win rate of the evaluation counts it (decision 20)."""
    ratings = [
        {"response": name, "criterion": criterion, "score": score}
        for criterion, both in scores.items()
        for name, score in zip("ab", both, strict=True)
    ]
    one = compared("lived-1", ratings=ratings, asked_to_rank=False)
    criteria = {
        "heard": {"kind": "likert"},
        "calm": {"kind": "likert"},
        "safe": {"kind": "points", "points": 3},
        "polite": {"kind": "yes_no", "points": None},
    }
    chosen = selection([one], purpose="evaluation", prompts=[prompt(held_out=True)])
    known = replace(chosen, rubrics={one.rubric: {"criteria": criteria}})
    ((record,), _) = made(known, CONFIG)
    assert record["overall_preference"] == preference


def test_a_judgement_that_cannot_rank_makes_no_pair() -> None:
    ratings = [{"response": name, "criterion": "heard", "score": 4} for name in "ab"]
    assert released(compared("lived-1", ratings=ratings)) == ([], {})


@pytest.mark.parametrize(
    ("of_judgement", "changes", "reason"),
    [
        ({}, {"granting": {"lived-2"}}, "no_consent"),
        ({"record_withdrawn": True}, {}, "consent_withdrawn"),
        ({"pay_check": "held"}, {}, "pay_check"),
        ({}, {"prompts": [prompt(held_out=True, withdrawn=True)]}, "prompt_withdrawn"),
        ({}, {"prompts": [prompt(held_out=True, uncleared=True)]}, "uncleared_text"),
        ({}, {"responses": [response("a", withdrawn=True), response("b")]}, "response_withdrawn"),
        ({}, {"responses": [response("a"), response("b", uncleared=True)]}, "uncleared_text"),
    ],
)
def test_why_a_pair_is_left_out(
    of_judgement: dict[str, Any], changes: dict[str, Any], reason: str
) -> None:
    records, dropped = released(compared("lived-1", ["a"], ["b"], **of_judgement), **changes)
    assert (records, dropped) == ([], {reason: 1})


@pytest.mark.parametrize("purpose", ["training", "publication"])
def test_only_releases_for_evaluation_have_comparisons(purpose: str) -> None:
    one = compared("lived-1", ["a"], ["b"])
    assert released(one, purpose=purpose) == ([], {})
    chosen = selection([one], purpose=purpose, prompts=[prompt(held_out=True)])
    assert made(chosen, "preference") == ([], {"evaluation_round": 1})


def test_comparisons_are_never_training_records() -> None:
    judged = [compared("lived-1", ["a"], ["b"]), judgement("lived-2", [["a"], ["b"]])]
    for config in ("preference", "unpaired_preference", "sft"):
        records, _ = made(selection(judged, purpose="evaluation"), config)
        assert all(record["meta"]["kind"] != "comparison" or len(judged) == 2 for record in records)
    ((preference,), _) = made(selection(judged, purpose="evaluation"), "preference")
    assert preference["meta"]["cohorts"][0]["wins"] == 1
