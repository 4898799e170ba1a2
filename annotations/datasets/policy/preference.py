"""Config `preference`, the records from comparisons: one for each consensus on a pair."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from annotations.datasets.policy.consensus import Outcome, Tally, outcome, pooled, vote_weight
from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pairs import Pair, Vote, pair_drop_reason
from annotations.datasets.policy.pseudonyms import shared_record_id
from annotations.datasets.policy.record_fields import Decision, Record, completion, shared_meta
from annotations.datasets.policy.snapshot import (
    JudgedPrompt,
    PromptSnapshot,
    ResponseSnapshot,
    Thresholds,
)
from annotations.rules.releases import DropReason
from annotations.rules.texts import same_text

LISTED_OUTCOMES = {
    Outcome.CONTESTED: DropReason.CONTESTED,
    Outcome.UNDECIDED: DropReason.UNDECIDED,
}


def preference_of(
    pair: Pair,
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    *,
    in_cycle: bool,
    thresholds: Thresholds,
) -> Decision:
    """The record of a pair, or why it has none. Disagreement is listed: both are given."""
    if reason := _drop_reason(pair, judged_prompt, eligibility):
        return Decision(None, reason)
    result = outcome(pair.tallies)
    if reason := LISTED_OUTCOMES.get(result):
        return Decision(_listed(pair, judged_prompt, reason), reason)
    if result is Outcome.EVEN:
        return Decision(None, DropReason.EVEN)
    if in_cycle:
        return Decision(_listed(pair, judged_prompt, DropReason.CYCLE), DropReason.CYCLE)
    chosen, rejected = (judged_prompt.responses[i] for i in (pair.first, pair.second))
    if result is Outcome.SECOND:
        chosen, rejected = rejected, chosen
    if eligibility.flags.is_upheld_text(chosen.text):
        return Decision(None, DropReason.UPHELD_HARM)
    record = _record(pair, judged_prompt.prompt, chosen, rejected)
    reason = below_thresholds(record, thresholds)
    return Decision(None, reason) if reason else Decision(record)


def below_thresholds(record: Record, thresholds: Thresholds) -> DropReason | None:
    """Why a preference is too weak for this release; compares the numbers that it shows."""
    if record["meta"]["p"] < thresholds.p:
        return DropReason.BELOW_LEAST_P
    return DropReason.BELOW_LEAST_MARGIN if record["margin"] < thresholds.margin else None


def _drop_reason(
    pair: Pair, judged_prompt: JudgedPrompt, eligibility: Eligibility
) -> DropReason | None:
    """Why a pair makes no record, whichever response people prefer."""
    if reason := pair_drop_reason(pair, eligibility):
        return reason
    ids = (pair.first, pair.second)
    if any(eligibility.flags.has_open_flag(response_id) for response_id in ids):
        return DropReason.OPEN_FLAG
    if pair.vetoed or not pair.votes:
        return DropReason.ALL_HARMFUL
    first, second = (judged_prompt.responses[response_id].text for response_id in ids)
    return DropReason.IDENTICAL_TEXT if same_text(first, second) else None


def _record(
    pair: Pair, prompt: PromptSnapshot, chosen: ResponseSnapshot, rejected: ResponseSnapshot
) -> Record:
    sign = 1 if chosen.id == pair.first else -1
    p = pooled(pair.tallies)
    return {
        "record_id": shared_record_id("preference", pair.first, pair.second),
        "prompt": prompt.messages,
        "chosen": completion(chosen.text),
        "rejected": completion(rejected.text),
        "margin": _margin(pair, sign),
        "meta": shared_meta(prompt, pair.judgements(), "comparison")
        | {
            "chosen_response_id": chosen.id,
            "rejected_response_id": rejected.id,
            "chosen_model_version_id": chosen.model.id,
            "rejected_model_version_id": rejected.model.id,
            "chosen_origin": chosen.origin,
            "rejected_origin": rejected.origin,
            "p": round(float(p if sign == 1 else 1 - p), 4),
            "length_change": len(chosen.text) - len(rejected.text),
            "cohorts": cohort_rows(pair, sign),
        },
    }


def _margin(pair: Pair, sign: int) -> float:
    """Mean signed strength towards the chosen response, cohorts equally, from 0 to 3.

    It is 0, never negative, where the few who prefer the other response feel more strongly.
    """
    return max(strength_towards(pair, sign), 0.0)


def strength_towards(pair: Pair, sign: int) -> float:
    """Mean signed strength, cohorts equally, from -3 to 3: with sign 1 towards the first."""
    means = [_mean_strength(votes) * sign for votes in pair.by_cohort.values()]
    return round(float(sum(means)) / len(means), 4) + 0.0  # never -0.0


def _mean_strength(votes: Sequence[Vote]) -> float | Fraction:
    """The mean of the signed strengths, each weighted as its vote."""
    if all(vote.ranking_length == votes[0].ranking_length for vote in votes):
        return sum(vote.signed_strength for vote in votes) / len(votes)
    weights = [vote_weight(vote.ranking_length) for vote in votes]
    strengths = (vote.signed_strength * weight for vote, weight in zip(votes, weights, strict=True))
    return sum(strengths, Fraction(0)) / sum(weights)


def cohort_rows(pair: Pair, sign: int) -> list[Record]:
    """The votes of each cohort; with sign 1 wins are the first response's, with -1 the second's."""
    rows = []
    for cohort, votes in pair.by_cohort.items():
        tally = Tally.of((vote.side * sign, vote.ranking_length) for vote in votes)
        rows.append(
            {
                "cohort": cohort,
                "role": votes[0].judgement.role,
                "wins": tally.wins,
                "ties": tally.ties,
                "losses": tally.losses,
                "votes": round(float(tally.weight), 4),
                "p": round(float(tally.p), 4),
            }
        )
    return rows


def _listed(pair: Pair, judged_prompt: JudgedPrompt, reason: DropReason) -> Record:
    """A line of `contested.jsonl`: both texts, and the votes of each cohort on the first."""
    first, second = (judged_prompt.responses[i] for i in (pair.first, pair.second))
    prompt = judged_prompt.prompt
    return {
        "record_id": shared_record_id("preference", pair.first, pair.second),
        "prompt": prompt.messages,
        "first": completion(first.text),
        "second": completion(second.text),
        "meta": shared_meta(prompt, pair.judgements(), str(reason))
        | {
            "first_response_id": first.id,
            "second_response_id": second.id,
            "p": round(float(pooled(pair.tallies)), 4),
            "cohorts": cohort_rows(pair, 1),
        },
    }
