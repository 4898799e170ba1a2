"""Config `sft`, the replies that people rated best, if a release asks for them (decision 44).

There is at most one for each prompt. Its median is at or above the bound in every cohort of the
release, and there is no reason against it, such as a report of harm that is open or was upheld.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence

from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pseudonyms import shared_record_id
from annotations.datasets.policy.record_fields import Decision, Record, completion, shared_meta
from annotations.datasets.policy.snapshot import JudgedPrompt
from annotations.datasets.policy.unpaired import (
    ScoredResponse,
    cohort_scores,
    why_not_scored,
)
from annotations.rules.releases import DropReason
from annotations.rules.texts import caseless_hash

KIND = "best_rated"
NO_RATING: Record = {"response_id": "", "model_version_id": "", "cohorts": []}
"""The fields of best-rated replies in the record of a rewrite."""


def best_reply_of(
    scored: Sequence[ScoredResponse],
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    *,
    bound: float,
    cohorts: Collection[str],
) -> tuple[Decision, ScoredResponse]:
    """The record of the best-rated reply, or why the prompt has none; `scored` is not empty.

    `cohorts` are those of the release, if it has several. The best reply has the highest mean of
    the cohorts' medians; then the highest minimum of them, the most people, and the first id.
    """
    reasons = [(_drop_reason(reply, eligibility, bound, cohorts), reply) for reply in scored]
    fit = [reply for reason, reply in reasons if not reason]
    if not fit:
        order = list(DropReason).index
        reason, reply = min(((r, o) for r, o in reasons if r), key=lambda pair: order(pair[0]))
        return Decision(None, reason), reply
    best = min(fit, key=_rank)
    return Decision(_record(best, judged_prompt)), best


def best_reply_record_id(prompt_id: str, text: str) -> str:
    """The id of the record, the same in every release."""
    return shared_record_id("sft", prompt_id, caseless_hash(text))


def _drop_reason(
    scored: ScoredResponse, eligibility: Eligibility, bound: float, cohorts: Collection[str]
) -> DropReason | None:
    if reason := why_not_scored(scored, eligibility):
        return reason
    if eligibility.flags.is_upheld_text(scored.response.text):
        return DropReason.UPHELD_HARM
    if scored.is_harmful() or scored.may_not_be_good():
        return DropReason.ALL_HARMFUL
    medians = _medians(scored)
    if not medians or any(medians.get(cohort, 0.0) < bound for cohort in {*cohorts, *medians}):
        return DropReason.BELOW_LEAST_MEDIAN
    return None


def _medians(scored: ScoredResponse) -> dict[str, float]:
    """Cohort → median of its scores, rounded as in the record, for cohorts that gave scores."""
    return {
        cohort: round(statistics.median(scores), 4)
        for cohort in scored.cohorts()
        if (scores := scored.scores_of(cohort))
    }


def _rank(scored: ScoredResponse) -> tuple[float, float, int, str]:
    medians = _medians(scored).values()
    people = len(scored.judgements)
    return -statistics.fmean(medians), -min(medians), -people, scored.response.id


def _record(scored: ScoredResponse, judged_prompt: JudgedPrompt) -> Record:
    prompt, response = judged_prompt.prompt, scored.response
    judgements = scored.judgements_of()
    return {
        "record_id": best_reply_record_id(prompt.id, response.text),
        "prompt": prompt.messages,
        "completion": completion(response.text),
        "meta": shared_meta(prompt, judgements, KIND)
        | {
            "length_change": 0,
            "cohort": "",
            "role": "",
            "origin": response.origin,
            "rewritten_response_id": "",
            "rewritten_model_version_id": "",
            "response_id": response.id,
            "model_version_id": response.model.id,
            "cohorts": cohort_scores(scored, judgements),
        },
    }
