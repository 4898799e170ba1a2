"""Which imported ranks, scores and spans are in a release."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.datasets.policy.imported import imported_in, imported_record
from annotations.datasets.policy.snapshot import ImportedSnapshot, JudgedPrompt, ReleaseTerms
from tests.support.snapshots import prompt, response

RANK = ImportedSnapshot("a", "A forum", 1, "rank", "", 1.0)
SPAN = ImportedSnapshot("b", "A forum", 2, "span", "warm", 1.0, 3, 9)


def about(*imported: ImportedSnapshot, **of_prompt: Any) -> JudgedPrompt:
    responses = {"a": response("a"), "b": response("b", withdrawn=True)}
    return JudgedPrompt(prompt(**of_prompt), responses, [], imported=imported)


def reasons(judged: JudgedPrompt, purpose: str = "training") -> list[str | None]:
    return [reason for _one, reason in imported_in(judged, ReleaseTerms(purpose=purpose))]


@pytest.mark.parametrize("purpose", ["training", "evaluation"])
def test_imported_judgements_need_no_consent_of_members(purpose: str) -> None:
    assert reasons(about(RANK, SPAN), purpose) == [None, "response_withdrawn"]


def test_a_public_release_has_no_imported_judgements() -> None:
    assert reasons(about(RANK), "publication") == []


@pytest.mark.parametrize(
    ("of_prompt", "reason"),
    [({"held_out": True}, "held_out"), ({"withdrawn": True}, "prompt_withdrawn")],
)
def test_the_rules_for_prompts_apply(of_prompt: dict[str, Any], reason: str) -> None:
    assert reasons(about(RANK, **of_prompt)) == [reason]


def test_a_row_names_its_source_and_only_a_span_has_a_place() -> None:
    rank, span = (imported_record(about(one), one) for one in (RANK, SPAN))
    assert {"start", "end"} & rank.keys() == set()
    assert (span["source"], span["rater"], span["start"], span["end"]) == ("A forum", 2, 3, 9)
    assert rank["record_id"] != span["record_id"]
