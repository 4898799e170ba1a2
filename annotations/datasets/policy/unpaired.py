"""Config `unpaired_preference`, for KTO: single responses that people found good or bad.

Good means that the median score of each cohort is at or above three quarters of the scale (4 of 5),
bad that it is at or below one quarter (2 of 5), over its people and their criteria. A response is
bad whatever its scores if a flag on its text was upheld or if reports of harm veto it.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from annotations.datasets.policy.eligibility import Eligibility, Ineligible, first_reason
from annotations.datasets.policy.harm_veto import is_vetoed
from annotations.datasets.policy.pseudonyms import shared_record_id
from annotations.datasets.policy.record_fields import Decision, Record, completion, shared_meta
from annotations.datasets.policy.snapshot import (
    JudgedPrompt,
    JudgementSnapshot,
    ReleaseTerms,
    ResponseSnapshot,
)
from annotations.rules.releases import DropReason
from annotations.rules.texts import caseless_hash

GOOD_FROM, BAD_UP_TO = 0.75, 0.25
"""Shares of the scale, from its lowest score (0) to its highest (1)."""


@dataclass
class ScoredResponse:
    """A response, and the eligible scores and reports of harm on it."""

    response: ResponseSnapshot
    judgements: dict[str, JudgementSnapshot] = field(default_factory=dict)
    """Member → their judgement."""
    scores: dict[str, list[float]] = field(default_factory=dict)
    """Member → their scores, each as a share of its scale."""
    harm_reporters: set[str] = field(default_factory=set)
    """Members who found that all responses could do harm."""
    ineligible_harm_reports: dict[str, str] = field(default_factory=dict)
    """Member → their role, for each who found the same in what is not eligible or no vote."""
    ineligible: list[Ineligible] = field(default_factory=list)
    duplicates: list[list[str]] = field(default_factory=list)
    """The cohorts of each other response with this text; its scores are counted here."""

    def is_harmful(self) -> bool:
        """Whether eligible reports of harm veto the response: then it is bad."""
        return is_vetoed(self._reporter_roles().values(), judges=len(self.judgements))

    def may_not_be_good(self) -> bool:
        """Whether all reports of harm together, eligible or not, veto the response.

        Reports that are not eligible keep a response from being good, but do not make it bad.
        """
        roles = self.ineligible_harm_reports | self._reporter_roles()
        judges = self.judgements.keys() | self.ineligible_harm_reports.keys()
        return is_vetoed(roles.values(), judges=len(judges))

    def _reporter_roles(self) -> dict[str, str]:
        return {member: self.judgements[member].role for member in self.harm_reporters}

    def cohorts(self) -> list[str]:
        """The cohorts of all people who judged the response, eligible or not."""
        eligible = {judgement.cohort for judgement in self.judgements.values()}
        return sorted(eligible | {one.cohort for one in self.ineligible})

    def judgements_of(self, cohort: str = "") -> list[JudgementSnapshot]:
        """The judgements that a record is based on, of one cohort or of all."""
        return [j for j in self.judgements.values() if cohort in ("", j.cohort)]

    def scores_of(self, cohort: str) -> list[float]:
        """All scores of one cohort."""
        return [
            score
            for member, scores in self.scores.items()
            if self.judgements[member].cohort == cohort
            for score in scores
        ]

    def add_duplicate(self, other: ScoredResponse) -> None:
        """Count the scores of another response with the same text here."""
        self.duplicates.append(other.cohorts())
        self.harm_reporters |= other.harm_reporters - self.judgements.keys()
        self.ineligible_harm_reports |= other.ineligible_harm_reports
        self.scores = other.scores | self.scores
        self.judgements = other.judgements | self.judgements
        self.ineligible += other.ineligible


def gather_scored(
    judged_prompt: JudgedPrompt, eligibility: Eligibility, terms: ReleaseTerms
) -> list[ScoredResponse]:
    """Every response that somebody scored or found harmful; those with the same text as one.

    A person who saw a text in several rounds counts once, with the first judgement by id.
    """
    by_id: dict[str, ScoredResponse] = {}
    for judgement in sorted(judged_prompt.judgements, key=lambda j: j.id):
        reason = eligibility.judgement_drop_reason(judgement)
        scores = _scores(judgement, terms)
        for response_id in sorted(judgement.order_shown):
            if not (
                response_id in scores
                or judgement.all_harmful
                or eligibility.flags.has_upheld_flag(response_id)
            ):
                continue
            response = judged_prompt.responses[response_id]
            scored = by_id.setdefault(response_id, ScoredResponse(response))
            _add_judgement(scored, judgement, scores.get(response_id, []), reason)
    for report in judged_prompt.harm_reports:
        for response_id in by_id.keys() & report.order_shown:
            by_id[response_id].ineligible_harm_reports[report.member_id] = report.role
    return _merge_duplicates(by_id)


def _add_judgement(
    scored: ScoredResponse,
    judgement: JudgementSnapshot,
    scores: list[float],
    reason: DropReason | None,
) -> None:
    member = judgement.member_id
    if reason:
        scored.ineligible.append(Ineligible(judgement.cohort, reason))
        if judgement.all_harmful:
            scored.ineligible_harm_reports[member] = judgement.role
    elif member not in scored.judgements:
        scored.judgements[member] = judgement
        scored.scores[member] = scores
        if judgement.all_harmful:
            scored.harm_reporters.add(member)


def _merge_duplicates(by_id: dict[str, ScoredResponse]) -> list[ScoredResponse]:
    """One entry for each text, under the first response id that has it."""
    by_text: dict[str, ScoredResponse] = {}
    for _, scored in sorted(by_id.items()):
        key = caseless_hash(scored.response.text)
        if key in by_text:
            by_text[key].add_duplicate(scored)
        else:
            by_text[key] = scored
    return list(by_text.values())


def _scores(judgement: JudgementSnapshot, terms: ReleaseTerms) -> dict[str, list[float]]:
    """Response id → this person's scores, each as a share of its scale."""
    rubric, shares = judgement.rubric, terms.shares
    scores: dict[str, list[float]] = {}
    for rating in judgement.ratings:
        share = shares[rubric, rating["criterion"], rating["score"]]
        if share is not None:
            scores.setdefault(rating["response"], []).append(share)
    return scores


def unpaired_preference_of(
    scored: ScoredResponse,
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    cohort: str = "",
) -> Decision:
    """The record of a response, or why it has none; by one cohort, or by all that scored it."""
    if reason := why_not_scored(scored, eligibility):
        return Decision(None, reason)
    judgements = scored.judgements_of(cohort)
    if not judgements:  # nobody of this cohort is eligible
        return Decision(
            None, first_reason(one for one in scored.ineligible if one.cohort == cohort)
        )
    if scored.is_harmful() or eligibility.flags.is_upheld_text(scored.response.text):
        return Decision(_record(scored, judged_prompt, False, judgements, "harm"))
    by_cohort = cohort_labels(scored)
    labels = {by_cohort.get(cohort)} if cohort else set(by_cohort.values())
    if {True, False} <= labels:
        return Decision(None, DropReason.COHORTS_DIFFER)
    if labels not in ({True}, {False}):
        return Decision(None, DropReason.MIDDLE)
    good = labels == {True}
    if good and scored.may_not_be_good():
        return Decision(None, DropReason.ALL_HARMFUL)
    return Decision(_record(scored, judged_prompt, good, judgements, "rating"))


def why_not_scored(scored: ScoredResponse, eligibility: Eligibility) -> DropReason | None:
    """Why a response makes no record, whatever its scores."""
    response_id = scored.response.id
    if reason := eligibility.response_drop_reason(response_id):
        return reason
    if not scored.judgements:
        return first_reason(scored.ineligible)
    if reason := eligibility.text_drop_reason(response_id):
        return reason
    return DropReason.OPEN_FLAG if eligibility.flags.has_open_flag(response_id) else None


def cohort_labels(scored: ScoredResponse) -> dict[str, bool | None]:
    """Cohort → good (True), bad (False) or neither (None), for each cohort that gave scores."""
    labels: dict[str, bool | None] = {}
    for cohort in scored.cohorts():
        if scores := scored.scores_of(cohort):
            labels[cohort] = _label(statistics.median(scores))
    return labels


def _label(median: float) -> bool | None:
    if median >= GOOD_FROM:
        return True
    return False if median <= BAD_UP_TO else None


def _record(
    scored: ScoredResponse,
    judged_prompt: JudgedPrompt,
    label: bool,
    judgements: Sequence[JudgementSnapshot],
    kind: str,
) -> Record:
    response, prompt = scored.response, judged_prompt.prompt
    return {
        "record_id": unpaired_record_id(prompt.id, response.text),
        "prompt": prompt.messages,
        "completion": completion(response.text),
        "label": label,
        "meta": shared_meta(prompt, judgements, kind)
        | {
            "response_id": response.id,
            "model_version_id": response.model.id,
            "origin": response.origin,
            "cohorts": cohort_scores(scored, judgements),
        },
    }


def unpaired_record_id(prompt_id: str, text: str) -> str:
    """The id of a record, the same for every response with that text."""
    return shared_record_id("unpaired_preference", prompt_id, caseless_hash(text))


def cohort_scores(scored: ScoredResponse, judgements: Sequence[JudgementSnapshot]) -> list[Record]:
    """For each cohort that gave scores: how many people judged, and the median of their scores."""
    rows: list[Record] = []
    for cohort, role in sorted({(judgement.cohort, judgement.role) for judgement in judgements}):
        if scores := scored.scores_of(cohort):
            rows.append(
                {
                    "cohort": cohort,
                    "role": role,
                    "people": sum(judgement.cohort == cohort for judgement in judgements),
                    "median": round(statistics.median(scores), 4),
                }
            )
    return rows
