"""Truth tables: what a release may use, and the reason that is counted where it may not."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.datasets.policy.eligibility import Eligibility, Ineligible, first_reason
from annotations.datasets.policy.snapshot import JudgedPrompt, ReleaseTerms
from annotations.rules.releases import DropReason
from tests.support.snapshots import judgement, prompt, response


def eligibility(granting: str = "lived-1", group: str = "", **of_prompt: Any) -> Eligibility:
    """`group`: a split group with a held-out prompt."""
    responses = {"a": response("a"), "b": response("b", withdrawn=True, uncleared=True)}
    terms = ReleaseTerms(
        purpose="training", granting={granting: "record"}, held_out_groups=frozenset({group})
    )
    return Eligibility(JudgedPrompt(prompt(**of_prompt), responses, []), terms)


@pytest.mark.parametrize(
    ("of_judgement", "of_prompt", "reason"),
    [
        ({}, {}, None),
        ({"pay_check": "used"}, {}, None),
        ({"pay_check": "held"}, {}, "pay_check"),
        ({"pay_check": "left_out"}, {}, "pay_check"),
        ({"pay_check": "not_paid"}, {}, "pay_check"),
        ({"pay_check": "held"}, {"granting": "lived-2"}, "no_consent"),
        ({"record_withdrawn": True}, {"granting": "lived-2"}, "consent_withdrawn"),
        ({"record_withdrawn": True}, {"withdrawn": True}, "prompt_withdrawn"),
        ({}, {"withdrawn": True, "group": "group-p"}, "held_out_group"),
        ({}, {"held_out": True, "group": "group-p"}, "held_out"),
        ({"round_kind": "evaluation"}, {"held_out": True}, "evaluation_round"),
        ({"round_kind": "a new kind"}, {}, "evaluation_round"),
        ({"round_kind": "practice"}, {}, "evaluation_round"),
    ],
)
def test_why_a_judgement_is_left_out(
    of_judgement: dict[str, Any], of_prompt: dict[str, Any], reason: str | None
) -> None:
    one = judgement("lived-1", [["a"], ["b"]], **of_judgement)
    assert eligibility(**of_prompt).judgement_drop_reason(one) == reason


def test_a_withdrawn_response_is_left_out() -> None:
    assert eligibility().response_drop_reason("a") is None
    assert eligibility().response_drop_reason("b") == DropReason.RESPONSE_WITHDRAWN


@pytest.mark.parametrize(
    ("uncleared_prompt", "responses", "is_left_out"),
    [
        (False, "", False),
        (False, "a", False),
        (False, "ab", True),
        (False, "b", True),
        (True, "", True),
        (True, "a", True),
    ],
)
def test_a_text_that_may_contain_personal_data_is_left_out(
    uncleared_prompt: bool, responses: str, is_left_out: bool
) -> None:
    reason = eligibility(uncleared=uncleared_prompt).text_drop_reason(*responses)
    assert reason == (DropReason.UNCLEARED_TEXT if is_left_out else None)


def test_of_several_reasons_the_one_listed_first_is_counted() -> None:
    reasons = [DropReason.PAY_CHECK, DropReason.HELD_OUT, DropReason.NO_CONSENT]
    assert first_reason(Ineligible("lived", one) for one in reasons) == DropReason.HELD_OUT
