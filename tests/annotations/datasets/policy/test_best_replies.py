"""Which reply of a prompt people rated best, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotations.datasets.policy.snapshot import FlagSnapshot, RewriteSnapshot, Thresholds
from tests.support.release_files import rows, twelve_prompts
from tests.support.snapshots import built, judgement, made, prompt, response, selection

BOTH = ("clinical", "lived")


def scored(person: str, scores: Mapping[str, int], **changes: Any) -> Any:
    """Scores from 1 to 5 by response."""
    ratings = [
        {"response": name, "criterion": criterion, "score": score}
        for name, score in scores.items()
        for criterion in ("heard", "calm")
    ]
    shown = sorted(scores)
    return judgement(person, [], **{"ratings": ratings, "order_shown": shown} | changes)


def best(
    *judgements: Any, median: float | None = 0.75, cohorts: tuple[str, ...] = (), **changes: Any
) -> tuple[list[str], dict[str, int]]:
    """Texts of the best-rated replies in sft, and what is left out of it."""
    chosen = replace(selection([*judgements], **changes), thresholds=Thresholds(median=median))
    records, dropped = made(chosen, "sft", *cohorts)
    rated = [one for one in records if one["meta"]["kind"] == "best_rated"]
    return [one["completion"][0]["content"] for one in rated], dropped


@pytest.mark.parametrize(
    ("lived", "clinical", "median", "texts"),
    [
        ({"a": 5, "b": 4}, {"a": 4, "b": 4}, 0.75, ["Text of a"]),
        ({"a": 4, "b": 5}, {"a": 4, "b": 4}, 0.75, ["Text of b"]),
        ({"a": 5, "b": 4}, {"a": 3, "b": 4}, 0.75, ["Text of b"]),  # a is below in one cohort
        ({"a": 5, "b": 5}, {"a": 3, "b": 3}, 0.75, []),
        ({"a": 5, "b": 5}, {"a": 3, "b": 3}, 0.5, ["Text of a"]),  # equal: the first id
        ({"a": 4, "b": 5}, {"a": 4, "b": 3}, 0.5, ["Text of a"]),  # equal means: highest lowest
        ({"a": 5, "b": 5}, {"a": 5, "b": 5}, 1.0, ["Text of a"]),
        ({"a": 5, "b": 4}, {"a": 4, "b": 4}, None, []),
    ],
)
def test_the_best_of_a_prompt_in_both_cohorts(
    lived: dict[str, int], clinical: dict[str, int], median: float | None, texts: list[str]
) -> None:
    people = (scored("lived-1", lived), scored("clinical-1", clinical))
    found, dropped = best(*people, median=median, cohorts=BOTH)
    assert found == texts
    assert dropped == ({} if texts or median is None else {"below_least_median": 1})


def test_every_cohort_of_the_release_must_have_scored_it() -> None:
    alone = scored("lived-1", {"a": 5, "b": 5})
    assert best(alone) == (["Text of a"], {})
    assert best(alone, cohorts=BOTH) == ([], {"below_least_median": 1})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"flags": [("a", "reported"), ("b", "triaged")]}, "open_flag"),
        ({"flags": [("a", "upheld"), ("b", "upheld")]}, "upheld_harm"),
        ({"flags": [("a", "upheld"), ("b", "reported")]}, "open_flag"),
        ({"prompts": [prompt(uncleared=True)]}, "uncleared_text"),
        ({"prompts": [prompt(held_out=True)]}, "held_out"),
        ({"granting": set()}, "no_consent"),
        ({"responses": [response(n, withdrawn=True) for n in "ab"]}, "response_withdrawn"),
    ],
)
def test_why_a_prompt_has_no_best_rated_reply(changes: dict[str, Any], reason: str) -> None:
    one = scored("lived-1", {"a": 5, "b": 5})
    if flags := changes.pop("flags", None):
        changes["flags"] = [FlagSnapshot(one.id, r, "sycophancy", 2, state) for r, state in flags]
    assert best(one, **changes) == ([], {reason: 1})


def test_a_reply_with_a_report_of_harm_makes_room_for_the_next() -> None:
    one = scored("lived-1", {"a": 5, "b": 4})
    flag = FlagSnapshot(one.id, "a", "sycophancy", 2, "upheld")
    assert best(one, flags=[flag]) == (["Text of b"], {})
    harm = scored("clinical-1", {"a": 5, "b": 5}, all_harmful=True)
    assert best(one, harm) == ([], {"all_harmful": 1})


def test_the_same_words_are_in_sft_once() -> None:
    one = scored("lived-1", {"a": 2, "b": 5})
    rewrite = RewriteSnapshot(one.id, "a", "Text of B.", "accepted")
    responses = [response("a"), response("b", text="text of b.")]
    assert best(one, rewrites=[rewrite], responses=responses) == ([], {"duplicate": 1})


def test_the_manifest_states_the_policy_and_files_without_it_are_as_before(tmp_path: Path) -> None:
    asked = replace(twelve_prompts(), thresholds=Thresholds(median=0.75))
    with_best, without = built(asked, tmp_path / "with"), built(twelve_prompts(), tmp_path / "no")
    assert with_best.manifest["least"] == {"p": 0.5, "margin": 0.0, "median": 0.75}
    assert "best_rated" in with_best.manifest["policy"]
    assert "median" not in without.manifest["least"]
    assert "best_rated" not in without.manifest["policy"]
    by_kind = {row["meta"]["kind"]: row for row in rows(tmp_path / "with", "sft")}
    assert by_kind.keys() == {"rewrite", "best_rated"}
    assert [*by_kind["rewrite"]["meta"]] == [*by_kind["best_rated"]["meta"]]
    assert by_kind["best_rated"]["meta"]["cohorts"][0]["median"] == 0.75
    assert by_kind["best_rated"]["meta"]["response_id"]
    (alone,) = rows(tmp_path / "no", "sft")
    assert "response_id" not in alone["meta"]
