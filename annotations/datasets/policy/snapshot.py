"""What a release is made from: plain values, ids as text, no clock.

Judgements come prompt by prompt. No rule needs more than one prompt at a time, so memory does not
grow with the study. Snapshots are named tuples because hundreds of thousands of them are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from annotations.registry import ModelName

UNKNOWN_MODEL = ModelName()


class PromptSnapshot(NamedTuple):
    """A prompt, with everything that decides where its records may go."""

    id: str
    messages: list[dict[str, str]]
    category: str
    topics: list[str]
    intensity: int
    language: str
    held_out: bool
    split_group: str
    withdrawn: bool
    uncleared: bool = False
    """Personal data was found in the prompt, and no coordinator has cleared it."""


class ResponseSnapshot(NamedTuple):
    """A response, and the model that wrote it if that is known."""

    id: str
    prompt_id: str
    text: str
    origin: str
    withdrawn: bool
    uncleared: bool = False
    """Personal data was found in the response, and no coordinator has cleared it."""
    model: ModelName = UNKNOWN_MODEL


class JudgementSnapshot(NamedTuple):
    """One judgement, its author's cohort and role, and the consent it was given under."""

    id: str
    member_id: str
    record_id: str
    """The consent record."""
    record_withdrawn: bool
    consent_version: int
    cohort: str
    role: str
    round_id: str
    round_kind: str
    prompt_id: str
    rubric: str
    order_shown: list[str]
    propensity: float
    ratings: list[dict[str, Any]]
    ranking: list[list[str]]
    strength: int | None
    all_harmful: bool
    highlights: list[dict[str, Any]]
    active_ms: int
    example: bool
    pay_check: str = ""
    """A `PayCheck`: whether the pay for this work is or was checked by a person."""
    why: list[str] | None = None
    """Keys of the reasons that were chosen."""
    turn_ratings: list[dict[str, Any]] | None = None
    """Scores of earlier replies in the conversation, which are counted from 1."""


class RewriteSnapshot(NamedTuple):
    """A rewrite and the state of its review."""

    judgement_id: str
    response_id: str
    text: str
    state: str


class FlagSnapshot(NamedTuple):
    """A report of harm and the state of its review."""

    judgement_id: str
    response_id: str
    harm: str
    severity: int
    state: str


class HarmReport(NamedTuple):
    """“All could do harm” in a repeat or another text that is no vote: it counts as a warning."""

    member_id: str
    role: str
    order_shown: list[str]


class JudgedPrompt(NamedTuple):
    """One prompt, its responses and everything that people submitted about them."""

    prompt: PromptSnapshot
    responses: dict[str, ResponseSnapshot]
    judgements: list[JudgementSnapshot]
    rewrites: Sequence[RewriteSnapshot] = ()
    flags: Sequence[FlagSnapshot] = ()
    """Every flag, also those that came with a text that is no vote."""
    harm_reports: Sequence[HarmReport] = ()


class Thresholds(NamedTuple):
    """The p and the margin below which a preference is left out of a release."""

    p: float = 0.5
    margin: float = 0.0


NO_THRESHOLDS = Thresholds()


@dataclass(frozen=True, kw_only=True)
class ReleaseTerms:
    """What decides, besides a prompt itself, which of its judgements become records."""

    purpose: str
    granting: Mapping[str, str] = field(default_factory=dict)
    """Member → consent record in force, for each member who allows the purpose."""
    held_out_groups: frozenset[str] = frozenset()
    """Split groups with at least one held-out prompt."""
    scales: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    """Rubric → criterion → (lowest score, highest score), where a higher score is better."""
    rubrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rubric → what its criteria, reasons and labels are, as the manifest shows it."""
    thresholds: Thresholds = NO_THRESHOLDS
