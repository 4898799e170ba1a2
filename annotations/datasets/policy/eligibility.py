"""Which judgements, prompts, responses and texts a release may use; the same for every config.

Consent is read with the selection and checked again at the moment of freezing, in
`annotations.services.releases.freeze`. Held-out prompts, and prompts in a split group with one, are
never released for training. Releases for evaluation contain the judgements of evaluation rounds, in
configs that no trainer here reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from annotations.datasets.policy.harm_veto import HarmFlags
from annotations.datasets.policy.snapshot import JudgedPrompt, JudgementSnapshot, ReleaseTerms
from annotations.rules.releases import DropReason
from annotations.rules.states import USABLE, ReleasePurpose, RoundKind

JudgementDropReason = Callable[[JudgementSnapshot], DropReason | None]


class Ineligible(NamedTuple):
    """A judgement that a release may not use: the cohort of its author, and why."""

    cohort: str
    reason: DropReason


def first_reason(ineligible: Iterable[Ineligible]) -> DropReason:
    """The reason to count where several apply: the one that `DropReason` lists first."""
    return min((one.reason for one in ineligible), key=list(DropReason).index)


class Eligibility:
    """What may be released of one prompt. Each method returns a reason against it, or None.

    Judgements of one kind of round alone are eligible: those of judging rounds to learn from, those
    of evaluation rounds to compare models.
    """

    def __init__(
        self,
        judged_prompt: JudgedPrompt,
        terms: ReleaseTerms,
        round_kind: RoundKind = RoundKind.JUDGING,
    ) -> None:
        self.flags = HarmFlags(judged_prompt)
        self._round_kind = round_kind
        self._prompt = judged_prompt.prompt
        self._responses = judged_prompt.responses
        self._granting = terms.granting
        self.prompt_drop_reason = _prompt_drop_reason(judged_prompt, terms, round_kind)

    def judgement_drop_reason(self, judgement: JudgementSnapshot) -> DropReason | None:
        """Why nothing of this judgement may be released."""
        if judgement.round_kind != self._round_kind:
            return DropReason.EVALUATION_ROUND
        if self.prompt_drop_reason:
            return self.prompt_drop_reason
        if judgement.record_withdrawn:
            return DropReason.CONSENT_WITHDRAWN
        if judgement.member_id not in self._granting:
            return DropReason.NO_CONSENT
        if judgement.pay_check not in USABLE:
            return DropReason.PAY_CHECK
        return None

    def response_drop_reason(self, response_id: str) -> DropReason | None:
        """Why nothing about this response may be released."""
        withdrawn = self._responses[response_id].withdrawn
        return DropReason.RESPONSE_WITHDRAWN if withdrawn else None

    def text_drop_reason(self, *response_ids: str) -> DropReason | None:
        """Why no record may contain the text of the prompt and of these responses."""
        uncleared = self._prompt.uncleared or any(
            self._responses[response_id].uncleared for response_id in response_ids
        )
        return DropReason.UNCLEARED_TEXT if uncleared else None


def why_not_in_judgements(judged_prompt: JudgedPrompt, terms: ReleaseTerms) -> JudgementDropReason:
    """Return a function that returns why a judgement has no rows in `judgements`, or None."""
    to_learn_from = Eligibility(judged_prompt, terms).judgement_drop_reason
    if terms.purpose != ReleasePurpose.EVALUATION:
        return to_learn_from
    comparing = Eligibility(judged_prompt, terms, RoundKind.EVALUATION).judgement_drop_reason
    return lambda judgement: (
        comparing if judgement.round_kind == RoundKind.EVALUATION else to_learn_from
    )(judgement)


def _prompt_drop_reason(
    judged_prompt: JudgedPrompt, terms: ReleaseTerms, round_kind: RoundKind
) -> DropReason | None:
    """Why nothing about this prompt may be released."""
    prompt = judged_prompt.prompt
    if round_kind != RoundKind.EVALUATION:
        if prompt.held_out:
            return DropReason.HELD_OUT
        if prompt.split_group in terms.held_out_groups:
            return DropReason.HELD_OUT_GROUP
    return DropReason.PROMPT_WITHDRAWN if prompt.withdrawn else None
