"""Configs `sft` and `preference`, the records from rewrites: what somebody would rather have read.

A rewrite is preferred to the response that it rewrites, and to nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pseudonyms import Pseudonyms
from annotations.datasets.policy.record_fields import Record, completion, shared_meta
from annotations.datasets.policy.snapshot import (
    JudgedPrompt,
    JudgementSnapshot,
    ResponseSnapshot,
    RewriteSnapshot,
)
from annotations.rules.releases import DropReason
from annotations.rules.states import RewriteState
from annotations.rules.text_kinds import Origin
from annotations.rules.texts import caseless_hash, same_words

MARGIN = 1.0
"""Slightly preferred: a rewrite's author is not asked how strong the preference is."""
HasPersonalData = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class UsableRewrite:
    """An accepted rewrite that may be learned from, as a record of each config."""

    judgement: JudgementSnapshot
    preference: Record
    sft: Record
    preference_drop_reason: DropReason | None = None
    """Why `preference` is not released although `sft` is: it contains the original response."""


def usable_rewrites(
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    pseudonyms: Pseudonyms,
    has_personal_data: HasPersonalData,
    dropped: Counter[str],
) -> Iterator[UsableRewrite]:
    """The rewrites to release; the others are counted in `dropped` by reason."""
    judgements = {judgement.id: judgement for judgement in judged_prompt.judgements}
    texts_used: set[tuple[str, str]] = set()
    for rewrite in sorted(
        judged_prompt.rewrites, key=lambda r: (r.response_id, r.text, r.judgement_id)
    ):
        judgement = judgements[rewrite.judgement_id]
        reason = _drop_reason(rewrite, judgement, judged_prompt, eligibility, has_personal_data)
        text_key = (rewrite.response_id, caseless_hash(rewrite.text))
        if reason is None and text_key in texts_used:
            reason = DropReason.DUPLICATE
        if reason:
            dropped[reason] += 1
            continue
        texts_used.add(text_key)
        reason = eligibility.text_drop_reason(rewrite.response_id)
        yield _records(rewrite, judgement, judged_prompt, pseudonyms, reason)


def _drop_reason(
    rewrite: RewriteSnapshot,
    judgement: JudgementSnapshot,
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    has_personal_data: HasPersonalData,
) -> DropReason | None:
    """Why nothing is learned from a rewrite."""
    if reason := eligibility.judgement_drop_reason(judgement):
        return reason
    if reason := eligibility.response_drop_reason(rewrite.response_id):
        return reason
    if rewrite.state != RewriteState.ACCEPTED:
        held_back = rewrite.state == RewriteState.HELD_BACK
        return DropReason.HELD_BACK if held_back else DropReason.NOT_REVIEWED
    if eligibility.flags.has_open_flag(rewrite.response_id):
        return DropReason.OPEN_FLAG
    if reason := eligibility.text_drop_reason():  # of the prompt alone
        return reason
    original = judged_prompt.responses[rewrite.response_id]
    if same_words(rewrite.text, original.text):
        return DropReason.UNCHANGED
    if eligibility.flags.is_upheld_text(rewrite.text):
        return DropReason.UPHELD_HARM
    return DropReason.PERSONAL_DATA if has_personal_data(rewrite.text) else None


def _records(
    rewrite: RewriteSnapshot,
    judgement: JudgementSnapshot,
    judged_prompt: JudgedPrompt,
    pseudonyms: Pseudonyms,
    preference_drop_reason: DropReason | None,
) -> UsableRewrite:
    original = judged_prompt.responses[rewrite.response_id]
    prompt = judged_prompt.prompt
    ids = (rewrite.judgement_id, rewrite.response_id)
    meta = shared_meta(prompt, [judgement], "rewrite")
    meta["length_change"] = len(rewrite.text) - len(original.text)
    preference = {
        "record_id": pseudonyms.name("preference", *ids),
        "prompt": prompt.messages,
        "chosen": completion(rewrite.text),
        "rejected": completion(original.text),
        "margin": MARGIN,
        "meta": meta | _comparison_meta(original, judgement),
    }
    sft = {
        "record_id": pseudonyms.name("sft", *ids),
        "prompt": prompt.messages,
        "completion": completion(rewrite.text),
        "meta": meta
        | {
            "cohort": judgement.cohort,
            "role": judgement.role,
            "origin": str(Origin.AI_EDITED),
            "rewritten_response_id": original.id,
            "rewritten_model_version_id": original.model.id,
        },
    }
    return UsableRewrite(judgement, preference, sft, preference_drop_reason)


def _comparison_meta(original: ResponseSnapshot, judgement: JudgementSnapshot) -> dict[str, Any]:
    """The part of `meta` that records from comparisons have: here one vote, the author's own."""
    votes = {"wins": 1, "ties": 0, "losses": 0, "votes": 1.0, "p": 0.75}
    return {
        "chosen_response_id": "",
        "rejected_response_id": original.id,
        "chosen_model_version_id": "",
        "rejected_model_version_id": original.model.id,
        "chosen_origin": str(Origin.AI_EDITED),
        "rejected_origin": original.origin,
        "p": 0.75,
        "cohorts": [{"cohort": judgement.cohort, "role": judgement.role, **votes}],
    }
