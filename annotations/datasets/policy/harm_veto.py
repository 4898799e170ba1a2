"""When harm that people reported keeps a record out of a release.

People report harm in two ways: with “all could do harm” instead of a ranking, and with a flag on
one response. Both are warnings about a text and not rows about a person, so both count whatever
their author consents to. Comparisons and scores without consent never count against a warning: a
release must not use anybody's work to speak for a text without their consent. Warnings in hidden
repeats count too, although a repeat is no vote: the text did not become safe when it came back.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from annotations.datasets.policy.snapshot import JudgedPrompt
from annotations.rules.states import OPEN_FLAGS, FlagState
from annotations.rules.texts import caseless_hash
from codesign.studies.rules import Role


def is_vetoed(reporter_roles: Collection[str], *, judges: int) -> bool:
    """Whether harm was reported by a clinician, or by at least half of all who judged.

    `reporter_roles` has the role of each person who reported harm in all responses; `judges` is the
    number of people who judged, reporters included. Clinicians have a veto on safety; on taste they
    have no more weight than others.
    """
    if not reporter_roles:
        return False
    return Role.CLINICIAN in reporter_roles or 2 * len(reporter_roles) >= judges


class HarmFlags:
    """The flags on the responses to one prompt. A flag counts for each response with that text."""

    def __init__(self, judged_prompt: JudgedPrompt) -> None:
        self._responses = judged_prompt.responses
        self._flags = judged_prompt.flags

    def has_open_flag(self, response_id: str) -> bool:
        """Whether a flag on this text is not yet decided; until then it makes no record."""
        return bool(self._open) and self._text_key(response_id) in self._open

    def has_upheld_flag(self, response_id: str) -> bool:
        """Whether a flag on the text of this response was upheld."""
        return bool(self._upheld) and self._text_key(response_id) in self._upheld

    def is_upheld_text(self, text: str) -> bool:
        """Whether a flag on this text was upheld: it is never chosen and never in `sft`."""
        return bool(self._upheld) and caseless_hash(text) in self._upheld

    @cached_property
    def _open(self) -> set[str]:
        return {
            self._text_key(flag.response_id) for flag in self._flags if flag.state in OPEN_FLAGS
        }

    @cached_property
    def _upheld(self) -> set[str]:
        upheld = (flag for flag in self._flags if flag.state == FlagState.UPHELD)
        return {self._text_key(flag.response_id) for flag in upheld}

    def _text_key(self, response_id: str) -> str:
        return caseless_hash(self._responses[response_id].text)
