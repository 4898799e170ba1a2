"""Who and what may be in a release at all; the same answers serve every config."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from annotations.datasets.facts import JudgementFact, ResponseFact, Selection
from annotations.rules.releases import Dropped
from annotations.rules.states import FlagState, RoundKind
from annotations.rules.texts import caseless_hash

OPEN = frozenset({FlagState.REPORTED, FlagState.TRIAGED})


class Screening:
    """Answers about one selection, each with the reason to drop or None."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection

    @cached_property
    def _held_out_groups(self) -> set[str]:
        return {p.split_group for p in self.selection.prompts.values() if p.held_out}

    @cached_property
    def _prompts(self) -> dict[str, Dropped | None]:
        """Per prompt: why nothing about it may be released."""
        return {
            prompt.id: Dropped.HELD_OUT
            if prompt.held_out
            else Dropped.HELD_OUT_GROUP
            if prompt.split_group in self._held_out_groups
            else Dropped.PROMPT_WITHDRAWN
            if prompt.withdrawn
            else None
            for prompt in self.selection.prompts.values()
        }

    def of_judgement(self, judgement: JudgementFact) -> Dropped | None:
        """Why nothing of this judgement may be released."""
        if judgement.round_kind != RoundKind.JUDGING:
            return Dropped.EVALUATION_ROUND
        if reason := self._prompts[judgement.prompt_id]:
            return reason
        if judgement.record_withdrawn:
            return Dropped.CONSENT_WITHDRAWN
        if judgement.member_id not in self.selection.granting:
            return Dropped.NO_CONSENT
        return None

    def of_response(self, response_id: str) -> Dropped | None:
        """Why nothing about this response may be released."""
        return Dropped.RESPONSE_WITHDRAWN if self._response(response_id).withdrawn else None

    def _response(self, response_id: str) -> ResponseFact:
        return self.selection.responses[response_id]

    def _flagged(self, counts: Callable[[str], bool]) -> set[tuple[str, str]]:
        """(prompt, text) with a flag in one of those states.

        Flags count whoever raised them and whatever they consent to: they are a warning about a
        text, not a row about a person. They count for every response with the same text.
        """
        return {
            (self._response(flag.response_id).prompt_id, self._key(flag.response_id))
            for flag in self.selection.flags
            if counts(flag.state)
        }

    @cached_property
    def _open(self) -> set[tuple[str, str]]:
        return self._flagged(lambda state: state in OPEN)

    @cached_property
    def _upheld(self) -> set[tuple[str, str]]:
        return self._flagged(lambda state: state == FlagState.UPHELD)

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {r.id: caseless_hash(r.text) for r in self.selection.responses.values()}

    def _key(self, response_id: str) -> str:
        return self._keys[response_id]

    def has_open_flag(self, response_id: str) -> bool:
        """Whether a report about this text waits for a decision."""
        return (self._response(response_id).prompt_id, self._key(response_id)) in self._open

    def is_harmful(self, prompt_id: str, text: str) -> bool:
        """Whether this text, as an answer to this prompt, was found harmful."""
        return (prompt_id, caseless_hash(text)) in self._upheld
