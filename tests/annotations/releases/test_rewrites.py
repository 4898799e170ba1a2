"""Truth table: which rewrites become records."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from annotations.datasets.facts import FlagFact, RewriteFact
from annotations.datasets.rewrites import Rewritten, records_of_rewrites
from annotations.datasets.screening import Screening
from tests.annotations.releases.facts import KEYS, judgement, parts_of, prompt, response, selection

BY = "judgement of lived-1"


def rewrite(text: str = "A kinder text", state: str = "accepted") -> RewriteFact:
    return RewriteFact(BY, "a", text, state)


def made(rewrites: list[RewriteFact], **changes: Any) -> tuple[list[Rewritten], dict[str, int]]:
    chosen = selection([judgement("lived-1", [["b"], ["a"]])], rewrites=rewrites, **changes)
    dropped: Counter[str] = Counter()
    found = [
        rewritten
        for part in parts_of(chosen)
        for rewritten in records_of_rewrites(
            part, Screening(part, chosen), KEYS, lambda text: "07700" in text, dropped
        )
    ]
    return found, {str(k): v for k, v in dropped.items()}


def flag(state: str, response_id: str = "a") -> FlagFact:
    return FlagFact("judgement of somebody", response_id, "sycophancy", 2, state)


def test_an_accepted_rewrite_is_chosen_over_its_original_and_an_sft_row() -> None:
    (found,), dropped = made([rewrite()])
    assert dropped == {}
    assert found.preference["chosen"][0]["content"] == "A kinder text"
    assert found.preference["rejected"][0]["content"] == "Text of a"  # never "Text of b"
    assert found.preference["margin"] == 1.0
    assert found.sft["completion"] == found.preference["chosen"]
    assert found.sft["meta"]["length_change"] == len("A kinder text") - len("Text of a")
    assert found.sft["meta"]["origin"] == "ai_edited"  # standards 1.6
    assert found.sft["meta"]["role"] == "panelist"


@pytest.mark.parametrize(
    ("rewrites", "changes", "reason"),
    [
        ([rewrite(state="pending")], {}, "not_reviewed"),
        ([rewrite(state="held_back")], {}, "held_back"),
        ([rewrite(text=" Text of  a\n")], {}, "unchanged"),
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
    rewrites: list[RewriteFact], changes: dict[str, Any], reason: str
) -> None:
    found, dropped = made(rewrites, **changes)
    assert found == []
    assert dropped == {reason: 1}


def test_a_harmful_original_may_be_rejected() -> None:
    (found,), _ = made([rewrite()], flags=[flag("upheld")])
    assert found.preference["rejected"][0]["content"] == "Text of a"


def test_the_same_rewrite_twice_is_one_record() -> None:
    found, dropped = made([rewrite(), rewrite(text="A kinder  TEXT")])
    assert len(found) == 1
    assert dropped == {"duplicate": 1}
