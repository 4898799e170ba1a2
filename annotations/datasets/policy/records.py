"""All records of text that one prompt gives, for all cohorts together and for each cohort.

What is left out is counted once. A rewrite that is left out is counted at `sft`, although it would
have been a `preference` too; a rewrite that loses its `preference` alone is counted there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotations.datasets.policy.best_replies import NO_RATING, best_reply_of
from annotations.datasets.policy.comparisons import comparisons_of
from annotations.datasets.policy.cycles import pairs_in_cycles
from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.pairs import gather_pairs
from annotations.datasets.policy.preference import below_thresholds, preference_of
from annotations.datasets.policy.pseudonyms import Pseudonyms
from annotations.datasets.policy.record_fields import Record
from annotations.datasets.policy.rewrites import HasPersonalData, usable_rewrites
from annotations.datasets.policy.snapshot import JudgedPrompt, ReleaseTerms, Thresholds
from annotations.datasets.policy.unpaired import (
    ScoredResponse,
    gather_scored,
    unpaired_preference_of,
)
from annotations.rules.releases import DropReason, of_cohort
from annotations.rules.states import ReleasePurpose
from annotations.rules.texts import caseless_hash

ALL_COHORTS = ""


class Candidate(NamedTuple):
    """A record that a config could have: released, dropped for a reason, or listed with both."""

    config: str
    record: Record | None
    reason: DropReason | None = None
    members: Sequence[str] = ()
    """Whose work the record is based on."""


def candidates_of(
    judged_prompt: JudgedPrompt,
    terms: ReleaseTerms,
    cohorts: Sequence[str],
    pseudonyms: Pseudonyms,
    has_personal_data: HasPersonalData,
) -> Iterator[Candidate]:
    """All candidates from people's work except `judgements`; `cohorts` have files of their own."""
    eligibility = Eligibility(judged_prompt, terms)
    yield from _from_pairs(judged_prompt, eligibility, cohorts, terms.thresholds)
    all_scored = gather_scored(judged_prompt, eligibility, terms)
    yield from _from_responses(all_scored, judged_prompt, eligibility, cohorts)
    dropped: Counter[str] = Counter()
    rewritten: set[str] = set()
    for rewrite in usable_rewrites(
        judged_prompt, eligibility, pseudonyms, has_personal_data, dropped
    ):
        author = [rewrite.judgement.member_id]
        yield Candidate("sft", _with_rating(rewrite.sft, terms), members=author)
        rewritten.add(caseless_hash(rewrite.sft["completion"][0]["content"]))
        reason = rewrite.preference_drop_reason
        reason = reason or below_thresholds(rewrite.preference, terms.thresholds)
        for cohort in _together_and_each([rewrite.judgement.cohort], cohorts):
            config = of_cohort("preference", cohort)
            yield Candidate(config, None if reason else rewrite.preference, reason, author)
    for dropped_reason in dropped.elements():
        yield Candidate("sft", None, DropReason(dropped_reason))
    bound = terms.thresholds.median
    if bound is not None and all_scored:
        (record, reason), best = best_reply_of(
            all_scored, judged_prompt, eligibility, bound=bound, cohorts=cohorts
        )
        if record and caseless_hash(best.response.text) in rewritten:
            record, reason = None, DropReason.DUPLICATE
        yield Candidate("sft", record, reason, [j.member_id for j in best.judgements_of()])
    if terms.purpose == ReleasePurpose.EVALUATION:
        for record, reason, based_on in comparisons_of(judged_prompt, terms, pseudonyms):
            yield Candidate("comparisons", record, reason, [one.member_id for one in based_on])


def _with_rating(record: Record, terms: ReleaseTerms) -> Record:
    """The record of a rewrite, with the fields of best-rated replies if the release has some."""
    if terms.thresholds.median is None:
        return record
    return {**record, "meta": record["meta"] | NO_RATING}


def _together_and_each(involved: Sequence[str], cohorts: Sequence[str]) -> list[str]:
    """All cohorts together, then those of the cohorts involved that have files of their own."""
    return [ALL_COHORTS, *(cohort for cohort in involved if cohort in cohorts)]


def _from_pairs(
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    cohorts: Sequence[str],
    thresholds: Thresholds,
) -> Iterator[Candidate]:
    all_pairs = gather_pairs(judged_prompt, eligibility)
    for cohort in [ALL_COHORTS, *cohorts]:
        pairs = all_pairs
        if cohort:
            pairs = [pair.of_cohort(cohort) for pair in all_pairs if cohort in pair.cohorts()]
        config = of_cohort("preference", cohort)
        in_cycles = pairs_in_cycles(pairs, judged_prompt)
        for pair in pairs:
            record, reason = preference_of(
                pair,
                judged_prompt,
                eligibility,
                in_cycle=(pair.first, pair.second) in in_cycles,
                thresholds=thresholds,
            )
            if record and reason:
                record["meta"]["config"] = config
            members = [judgement.member_id for judgement in pair.judgements()]
            yield Candidate(config, record, reason, members)


def _from_responses(
    all_scored: Sequence[ScoredResponse],
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    cohorts: Sequence[str],
) -> Iterator[Candidate]:
    for scored in all_scored:
        for cohort in _together_and_each(scored.cohorts(), cohorts):
            record, reason = unpaired_preference_of(scored, judged_prompt, eligibility, cohort)
            members = [judgement.member_id for judgement in scored.judgements_of(cohort)]
            yield Candidate(of_cohort("unpaired_preference", cohort), record, reason, members)
        for involved in scored.duplicates:
            for cohort in _together_and_each(involved, cohorts):
                config = of_cohort("unpaired_preference", cohort)
                yield Candidate(config, None, DropReason.DUPLICATE)
