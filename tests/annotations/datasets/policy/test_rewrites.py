"""Truth table: which rewrites become records."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.rewrites import UsableRewrite, usable_rewrites
from annotations.datasets.policy.snapshot import FlagSnapshot, RewriteSnapshot, Thresholds
from tests.support.snapshots import (
    PSEUDONYMS,
    judged_prompts_of,
    judgement,
    prompt,
    response,
    selection,
)
from tests.support.snapshots import made as made_of

BY = "judgement of lived-1"


def rewrite(text: str = "A kinder text", state: str = "accepted") -> RewriteSnapshot:
    return RewriteSnapshot(BY, "a", text, state)


def made(
    rewrites: list[RewriteSnapshot], **changes: Any
) -> tuple[list[UsableRewrite], dict[str, int]]:
    chosen = selection([judgement("lived-1", [["b"], ["a"]])], rewrites=rewrites, **changes)
    dropped: Counter[str] = Counter()
    usable = [
        rewritten
        for judged_prompt in judged_prompts_of(chosen)
        for rewritten in usable_rewrites(
            judged_prompt,
            Eligibility(judged_prompt, chosen),
            PSEUDONYMS,
            lambda text: "07700" in text,
            dropped,
        )
    ]
    return usable, {str(k): v for k, v in dropped.items()}


def flag(state: str, response_id: str = "a") -> FlagSnapshot:
    return FlagSnapshot("judgement of somebody", response_id, "sycophancy", 2, state)


def test_an_accepted_rewrite_is_chosen_over_its_original_and_an_sft_row() -> None:
    (usable_rewrite,), dropped = made([rewrite()])
    assert dropped == {}
    assert usable_rewrite.preference["chosen"][0]["content"] == "A kinder text"
    assert usable_rewrite.preference["rejected"][0]["content"] == "Text of a"  # never "Text of b"
    assert usable_rewrite.preference["margin"] == 1.0
    assert usable_rewrite.sft["completion"] == usable_rewrite.preference["chosen"]
    assert usable_rewrite.sft["meta"]["length_change"] == len("A kinder text") - len("Text of a")
    assert usable_rewrite.sft["meta"]["origin"] == "ai_edited"  # standards 1.6
    assert usable_rewrite.sft["meta"]["role"] == "panelist"


@pytest.mark.parametrize(
    ("rewrites", "changes", "reason"),
    [
        ([rewrite(state="pending")], {}, "not_reviewed"),
        ([rewrite(state="held_back")], {}, "held_back"),
        ([rewrite(text=" Text of  a\n")], {}, "unchanged"),
        ([rewrite(text="TEXT of a")], {}, "unchanged"),
        ([rewrite(text="Text, of a!…")], {}, "unchanged"),
        ([rewrite(text="“text-of A”")], {}, "unchanged"),
        ([rewrite()], {"prompts": [prompt(uncleared=True)]}, "uncleared_text"),
        ([rewrite(text="Ring 07700 900123")], {}, "personal_data"),
        ([rewrite()], {"granting": set()}, "no_consent"),
        ([rewrite()], {"prompts": [prompt(held_out=True)]}, "held_out"),
        ([rewrite()], {"prompts": [prompt(withdrawn=True)]}, "prompt_withdrawn"),
        (
            [rewrite()],
            {"responses": [response("a", withdrawn=True), response("b")]},
            "response_withdrawn",
        ),
        ([rewrite()], {"flags": [flag("reported")]}, "open_flag"),
        ([rewrite()], {"flags": [flag("triaged")]}, "open_flag"),
        ([rewrite(text="TEXT of b")], {"flags": [flag("upheld", "b")]}, "upheld_harm"),
    ],
)
def test_rewrites_that_stay_out(
    rewrites: list[RewriteSnapshot], changes: dict[str, Any], reason: str
) -> None:
    usable, dropped = made(rewrites, **changes)
    assert usable == []
    assert dropped == {reason: 1}


@pytest.mark.parametrize("text", ["Text of a ☂", "Text of b", "Text of a, too", "Texts of a"])
def test_one_more_word_or_sign_is_a_rewrite(text: str) -> None:
    (usable_rewrite,), _ = made([rewrite(text=text)])
    assert usable_rewrite.sft["completion"][0]["content"] == text


def test_an_original_with_personal_data_leaves_the_rewrite_alone() -> None:
    """It may have been what the rewrite took out; a preference would hold it."""
    originals = [response("a", uncleared=True), response("b")]
    chosen = selection(
        [judgement("lived-1", [["b"], ["a"]])], rewrites=[rewrite()], responses=originals
    )
    assert len(made_of(chosen, "sft")[0]) == 1
    assert made_of(chosen, "preference") == ([], {"uncleared_text": 2})


def test_a_rewrite_is_a_preference_only_from_the_least_on() -> None:
    """Its p is .75 and its margin 1: one vote, the writer's own."""
    chosen = selection([judgement("lived-1", [["a", "b"]])], rewrites=[rewrite()])
    strict = replace(chosen, thresholds=Thresholds(p=0.8))
    assert made_of(strict, "preference") == ([], {"tie": 1, "below_least_p": 1})
    assert len(made_of(strict, "sft")[0]) == 1


def test_a_harmful_original_may_be_rejected() -> None:
    (usable_rewrite,), _ = made([rewrite()], flags=[flag("upheld")])
    assert usable_rewrite.preference["rejected"][0]["content"] == "Text of a"


def test_the_same_rewrite_twice_is_one_record() -> None:
    usable, dropped = made([rewrite(), rewrite(text="A kinder  TEXT")])
    assert len(usable) == 1
    assert dropped == {"duplicate": 1}
