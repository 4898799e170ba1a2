"""Fields that all records of text share, by the names that TRL gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from annotations.datasets.policy.snapshot import JudgementSnapshot, PromptSnapshot
from annotations.rules.releases import DropReason

Record = dict[str, Any]


class Decision(NamedTuple):
    """A record to release, or the reason why there is none.

    With both, the record is not released but listed in `contested.jsonl`.
    """

    record: Record | None
    reason: DropReason | None = None


def completion(text: str) -> list[dict[str, str]]:
    """A response as trainers read it."""
    return [{"role": "assistant", "content": text}]


def shared_meta(
    prompt: PromptSnapshot, judgements: Iterable[JudgementSnapshot], kind: str
) -> Record:
    """The part of `meta` that every record of text has; `judgements` are those it is based on."""
    judgements = list(judgements)
    return {
        "kind": kind,
        "example": any(judgement.example for judgement in judgements),
        "prompt_id": prompt.id,
        "category": prompt.category,
        "topics": sorted(prompt.topics),
        "intensity": prompt.intensity,
        "language": prompt.language,
        "rubrics": sorted({judgement.rubric for judgement in judgements}),
    }
