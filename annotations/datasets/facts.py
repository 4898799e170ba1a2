"""What a selection holds: plain values, ids as text, no clock.

It comes prompt by prompt, and no rule needs more than one prompt's facts at a time, so that memory
does not grow with a study. Facts are named tuples: they are made by the hundred thousand.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from annotations.registry import ModelName

NO_MODEL = ModelName()


class PromptFact(NamedTuple):
    """A prompt with what decides where its records may go."""

    id: str
    messages: list[dict[str, str]]
    category: str
    topics: list[str]
    intensity: int
    language: str
    held_out: bool
    split_group: str
    withdrawn: bool


class ResponseFact(NamedTuple):
    """A response, and the model that wrote it as far as that is known."""

    id: str
    prompt_id: str
    text: str
    origin: str
    withdrawn: bool
    model: ModelName = NO_MODEL


class JudgementFact(NamedTuple):
    """The latest revision of one judgement."""

    id: str
    member_id: str
    record_id: str
    record_withdrawn: bool
    consent_version: int
    cohort: str
    role: str
    round_id: str
    round_kind: str
    prompt_id: str
    rubric: str
    repeat: int
    order_shown: list[str]
    propensity: float
    ratings: list[dict[str, Any]]
    ranking: list[list[str]]
    strength: int | None
    all_harmful: bool
    highlights: list[dict[str, Any]]
    active_ms: int
    example: bool


class RewriteFact(NamedTuple):
    """A rewrite and where its review stands."""

    judgement_id: str
    response_id: str
    text: str
    state: str


class FlagFact(NamedTuple):
    """A report of harm and where its review stands."""

    judgement_id: str
    response_id: str
    harm: str
    severity: int
    state: str


class Part(NamedTuple):
    """One prompt and everything that was said about its responses."""

    prompt: PromptFact
    responses: dict[str, ResponseFact]
    judgements: list[JudgementFact]
    rewrites: Sequence[RewriteFact] = ()
    flags: Sequence[FlagFact] = ()

    def fingerprint(self, kept: Sequence[JudgementFact]) -> bytes:
        """What of this part enters a release with these of its judgements, as a line.

        The prompt, the responses shown, the rewrites, and every flag, whoever raised it. Other
        responses, being written meanwhile or shown to others alone, do not count.
        """
        ids = {judgement.id for judgement in kept}
        shown = {response for judgement in kept for response in judgement.order_shown}
        shown.update(flag.response_id for flag in self.flags)
        responses = [self.responses[response] for response in sorted(shown)]
        models = [(response.model.id, response.model.name) for response in responses]
        return _line(
            [
                self.prompt,
                [response[:-1] for response in responses],
                models,
                sorted(kept),
                sorted(rewrite for rewrite in self.rewrites if rewrite.judgement_id in ids),
                sorted(self.flags),
            ]
        )


@dataclass(frozen=True)
class Selection:
    """Everything that decides what is in a release.

    `parts` come in the order of their prompts' ids and can be gone through once. `granting` maps
    each member whose consent in force allows the purpose to their record: what is compared again
    when the release freezes. `held_out_groups` are split groups of held-out prompts. `scales` has
    each rubric's criteria with the least and the greatest score.
    """

    study: Mapping[str, str]
    purpose: str
    parts: Iterable[Part]
    granting: Mapping[str, str] = field(default_factory=dict)
    consent_versions: list[dict[str, Any]] = field(default_factory=list)
    held_out_groups: frozenset[str] = frozenset()
    scales: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)


class Fingerprint:
    """SHA-256 over what enters a release: the same inputs, the same value.

    What else is in the study does not count: prompts held out, people who judged nothing.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, part: Part, kept: Sequence[JudgementFact]) -> None:
        """Count in a part and those of its judgements that are released, if any are."""
        if kept:
            self._digest.update(part.fingerprint(kept))

    def close(self, *head: object) -> str:
        """The value, hex; `head` is what the parts do not hold: study, purpose, rules, consents."""
        self._digest.update(_line(head))
        return self._digest.hexdigest()


def _line(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True)
class Keys:
    """Names that hold within one selection and tell nothing outside it (standards 7.1).

    Keyed by the study's secret and the selection's hash: the same inputs give the same names,
    another release gives others, and only who has the secret can go back.
    """

    secret: bytes
    selection_hash: str

    def name(self, kind: str, *ids: object) -> str:
        """24 hex digits (96 bits) for a thing of that kind."""
        message = "|".join((self.selection_hash, kind, *map(str, ids)))
        return hmac.digest(self.secret, message.encode(), "sha256").hex()[:24]
