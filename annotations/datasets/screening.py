"""Who and what may be in a release at all; the same answers serve every config."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from annotations.datasets.snapshot import JudgementFact, Part, Selection
from annotations.rules.releases import Dropped
from annotations.rules.states import OPEN_FLAGS, USABLE, FlagState, RoundKind
from annotations.rules.texts import caseless_hash


class Screening:
    """Answers about one part of a selection, each with the reason to drop or None."""

    def __init__(self, part: Part, selection: Selection) -> None:
        self.part = part
        self._granting = selection.granting
        self._of_prompt = _why_not(part, selection)

    def of_judgement(self, judgement: JudgementFact) -> Dropped | None:
        """Why nothing of this judgement may be released."""
        if judgement.round_kind != RoundKind.JUDGING:
            return Dropped.EVALUATION_ROUND
        if self._of_prompt:
            return self._of_prompt
        if judgement.record_withdrawn:
            return Dropped.CONSENT_WITHDRAWN
        if judgement.member_id not in self._granting:
            return Dropped.NO_CONSENT
        if judgement.pay_check not in USABLE:
            return Dropped.PAY_CHECK
        return None

    def of_response(self, response_id: str) -> Dropped | None:
        """Why nothing about this response may be released."""
        withdrawn = self.part.responses[response_id].withdrawn
        return Dropped.RESPONSE_WITHDRAWN if withdrawn else None

    def of_texts(self, *response_ids: str) -> Dropped | None:
        """Why no record may hold the prompt and these responses, word for word."""
        uncleared = self.part.prompt.uncleared or any(
            self.part.responses[response_id].uncleared for response_id in response_ids
        )
        return Dropped.UNCLEARED_TEXT if uncleared else None

    def _flagged(self, counts: Callable[[str], bool]) -> set[str]:
        """Keys of the texts with a flag in one of those states.

        Flags count whoever raised them and whatever they consent to: they are a warning about a
        text, not a row about a person. They count for every response with the same text.
        """
        return {self._text_key(flag.response_id) for flag in self.part.flags if counts(flag.state)}

    @cached_property
    def _open(self) -> set[str]:
        return self._flagged(lambda state: state in OPEN_FLAGS)

    @cached_property
    def _upheld(self) -> set[str]:
        return self._flagged(lambda state: state == FlagState.UPHELD)

    def _text_key(self, response_id: str) -> str:
        return caseless_hash(self.part.responses[response_id].text)

    def has_open_flag(self, response_id: str) -> bool:
        """Whether a report about this text waits for a decision."""
        return bool(self._open) and self._text_key(response_id) in self._open

    def is_harmful_id(self, response_id: str) -> bool:
        """Whether this response was found harmful."""
        return bool(self._upheld) and self._text_key(response_id) in self._upheld

    def is_harmful(self, text: str) -> bool:
        """Whether this text, as an answer to this prompt, was found harmful."""
        return bool(self._upheld) and caseless_hash(text) in self._upheld


def _why_not(part: Part, selection: Selection) -> Dropped | None:
    """Why nothing about a prompt may be released."""
    if part.prompt.held_out:
        return Dropped.HELD_OUT
    if part.prompt.split_group in selection.held_out_groups:
        return Dropped.HELD_OUT_GROUP
    return Dropped.PROMPT_WITHDRAWN if part.prompt.withdrawn else None
