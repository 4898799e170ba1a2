"""What a selection holds: plain values, ids as text, no clock."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotations.registry import ModelName


@dataclass(frozen=True, slots=True)
class PromptFact:
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


@dataclass(frozen=True, slots=True)
class ResponseFact:
    """A response, and the model that wrote it as far as that is known."""

    id: str
    prompt_id: str
    text: str
    origin: str
    withdrawn: bool
    model: ModelName = field(default_factory=ModelName)


@dataclass(frozen=True, slots=True)
class JudgementFact:
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


@dataclass(frozen=True, slots=True)
class RewriteFact:
    """A rewrite and where its review stands."""

    judgement_id: str
    response_id: str
    text: str
    state: str


@dataclass(frozen=True, slots=True)
class FlagFact:
    """A report of harm and where its review stands."""

    judgement_id: str
    response_id: str
    harm: str
    severity: int
    state: str


@dataclass(frozen=True)
class Selection:
    """Everything that decides what is in a release.

    `granting` maps each member whose consent in force allows the purpose to their record: what
    is compared again when the release freezes.
    """

    study: Mapping[str, str]
    purpose: str
    prompts: Mapping[str, PromptFact]
    responses: Mapping[str, ResponseFact]
    judgements: list[JudgementFact]
    rewrites: list[RewriteFact] = field(default_factory=list)
    flags: list[FlagFact] = field(default_factory=list)
    granting: Mapping[str, str] = field(default_factory=dict)
    consent_versions: list[dict[str, Any]] = field(default_factory=list)

    def fingerprint(self, kept: Sequence[JudgementFact], *, rules: str) -> str:
        """SHA-256, hex, over what enters a release: the same inputs, the same value.

        `kept` are the judgements to release, `rules` names how they become records. Their prompts,
        the responses they showed, their rewrites, the signatures behind them, and every flag on
        their prompts count, whoever raised it. What else is in the study does not: prompts held
        out, responses being written meanwhile, people who judged nothing.
        """
        ids = {judgement.id for judgement in kept}
        people = {judgement.member_id for judgement in kept}
        versions = {judgement.consent_version for judgement in kept}
        prompts = {judgement.prompt_id for judgement in kept}
        flags = [f for f in self.flags if self.responses[f.response_id].prompt_id in prompts]
        responses = {response for judgement in kept for response in judgement.order_shown}
        responses.update(flag.response_id for flag in flags)
        head = [
            dict(self.study),
            self.purpose,
            rules,
            {member: record for member, record in self.granting.items() if member in people},
            [version for version in self.consent_versions if version["number"] in versions],
        ]
        tables: list[Iterable[Any]] = [
            (self.prompts[prompt] for prompt in prompts),
            (self.responses[response] for response in responses),
            kept,
            (rewrite for rewrite in self.rewrites if rewrite.judgement_id in ids),
            flags,
        ]
        digest = hashlib.sha256(_line(head))
        for table in tables:
            for line in sorted(_line(_values(fact)) for fact in table):
                digest.update(line)
        return digest.hexdigest()


def _values(fact: Any) -> list[Any]:
    """A fact's values in their order; `dataclasses.astuple` would copy each text and list."""
    values = (getattr(fact, name) for name in fact.__slots__)
    return [[v.id, v.name] if isinstance(v, ModelName) else v for v in values]


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
        return hmac.new(self.secret, message.encode(), hashlib.sha256).hexdigest()[:24]
