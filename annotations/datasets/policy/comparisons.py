"""Config `comparisons`: how people compared two responses in evaluation rounds, pair by pair.

Only releases for evaluation contain it. Its prompts are held out, so its records are not in the
form that trainers read. As in HelpSteer3, a positive preference is for response 2. Harm that was
found in both responses is a result here, not a reason to leave a pair out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from annotations.datasets.policy.consensus import pooled
from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pairs import Pair, gather_pairs, pair_drop_reason
from annotations.datasets.policy.preference import cohort_rows, strength_towards
from annotations.datasets.policy.pseudonyms import Pseudonyms, shared_record_id
from annotations.datasets.policy.record_fields import Record, completion, shared_meta
from annotations.datasets.policy.snapshot import JudgedPrompt, JudgementSnapshot, ReleaseTerms
from annotations.rules.releases import DropReason
from annotations.rules.scales import UNSURE, ScaleKind
from annotations.rules.states import RoundKind

TOWARDS_SECOND = -1


def comparisons_of(
    judged_prompt: JudgedPrompt, terms: ReleaseTerms, pseudonyms: Pseudonyms
) -> Iterator[tuple[Record | None, DropReason | None, list[JudgementSnapshot]]]:
    """Yield for each pair its record or the reason against it, and its judgements."""
    compared = [
        _ranked(judgement, terms)
        for judgement in judged_prompt.judgements
        if judgement.round_kind == RoundKind.EVALUATION
    ]
    if not compared:
        return
    evaluated = judged_prompt._replace(judgements=compared, harm_reports=())
    eligibility = Eligibility(evaluated, terms, RoundKind.EVALUATION)
    for pair in gather_pairs(evaluated, eligibility):
        judgements = [*pair.judgements(), *pair.harm_reports.values()]
        if reason := pair_drop_reason(pair, eligibility):
            yield None, reason, []
        else:
            yield _record(pair, evaluated, judgements, pseudonyms), None, judgements


def _ranked(judgement: JudgementSnapshot, terms: ReleaseTerms) -> JudgementSnapshot:
    """The judgement with a ranking; from scores if it was asked for ratings only (decision 20).

    The response with the higher sum of scores is preferred. A criterion counts if both responses
    have a score on it. The ranking is empty if nothing was scored, which is not a tie.
    """
    if judgement.asked_to_rank or judgement.all_harmful:
        return judgement
    criteria = terms.rubrics.get(judgement.rubric, {}).get("criteria", {})
    scores: dict[str, dict[str, float]] = {}
    for rating in judgement.ratings:
        if rating["score"] != UNSURE:
            scores.setdefault(rating["criterion"], {})[rating["response"]] = rating["score"]
    sums = dict.fromkeys(judgement.order_shown, 0.0)
    counted = {key: both for key, both in scores.items() if len(both) == len(sums)}
    for key, both in counted.items():
        for response_id, score in both.items():
            sums[response_id] += _weight(criteria.get(key)) * score
    places = sorted(set(sums.values()), reverse=True)
    ranking = [[id for id in sums if sums[id] == place] for place in places]
    return judgement._replace(ranking=ranking if counted else [], strength=None)


def _weight(criterion: Mapping[str, Any] | None) -> float:
    """The weight of a score in the sum; 0 for criteria on which no answer is better."""
    if criterion is None or criterion["kind"] == ScaleKind.LIKERT:
        return 1
    return criterion["points"] or 0


def comparison_record_id(first: str, second: str) -> str:
    """The id of the record of two responses, whose ids are in alphabetical order."""
    return shared_record_id("comparisons", first, second)


def _record(
    pair: Pair,
    judged_prompt: JudgedPrompt,
    judgements: list[JudgementSnapshot],
    pseudonyms: Pseudonyms,
) -> Record:
    prompt = judged_prompt.prompt
    first, second = (judged_prompt.responses[i] for i in (pair.first, pair.second))
    meta = shared_meta(prompt, judgements, "comparison")
    meta["round"] = min(judgement.round_id for judgement in judgements)
    for number, response in enumerate((first, second), start=1):
        meta[f"response_{number}_id"] = response.id
        meta[f"response_{number}_model_version_id"] = response.model.id
        meta[f"response_{number}_origin"] = response.origin
    return {
        "record_id": comparison_record_id(pair.first, pair.second),
        "prompt": prompt.messages,
        "response_1": completion(first.text),
        "response_2": completion(second.text),
        "overall_preference": strength_towards(pair, TOWARDS_SECOND) if pair.votes else 0.0,
        "individual_preferences": _individual(pair, judgements, pseudonyms),
        "meta": meta
        | {
            "p": round(float(1 - pooled(pair.tallies)), 4) if pair.votes else 0.5,
            "all_harmful": len(pair.harm_reports),
            "cohorts": cohort_rows(pair, TOWARDS_SECOND),
        },
    }


def _individual(
    pair: Pair, judgements: list[JudgementSnapshot], pseudonyms: Pseudonyms
) -> list[Record]:
    """What each person found, sorted by their names in this release."""
    strengths = {member: vote.signed_strength for member, vote in pair.votes.items()}
    rows = [
        {
            "rater_pseudonym": pseudonyms.rater(judgement.member_id),
            "cohort": judgement.cohort,
            "role": judgement.role,
            "preference": TOWARDS_SECOND * strengths.get(judgement.member_id, 0),
            "all_harmful": judgement.all_harmful,
        }
        for judgement in judgements
    ]
    return sorted(rows, key=lambda row: row["rater_pseudonym"])
