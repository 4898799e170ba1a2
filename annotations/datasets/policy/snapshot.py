"""What a release is made from: plain values, ids as text, no clock.

Judgements come prompt by prompt. No rule needs more than one prompt at a time, so memory does not
grow with the study. Snapshots are named tuples because hundreds of thousands of them are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from annotations.registry import ModelName
from annotations.rules.scales import UNSURE

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
    day: str = ""
    """The day on which it was sent, in UTC, such as 2026-11-23; never the time."""
    asked_to_rank: bool = True
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


class ImportedSnapshot(NamedTuple):
    """A rank, score, label or span that came with an import; see `ImportedJudgement`."""

    response_id: str
    source: str
    rater: int
    kind: str
    criterion: str
    value: float
    start: int | None = None
    end: int | None = None
    label: str = ""


class JudgedPrompt(NamedTuple):
    """One prompt, its responses and everything that people submitted about them."""

    prompt: PromptSnapshot
    responses: dict[str, ResponseSnapshot]
    judgements: list[JudgementSnapshot]
    rewrites: Sequence[RewriteSnapshot] = ()
    flags: Sequence[FlagSnapshot] = ()
    """Every flag, also those that came with a text that is no vote."""
    harm_reports: Sequence[HarmReport] = ()
    imported: Sequence[ImportedSnapshot] = ()


class Thresholds(NamedTuple):
    """The p and the margin below which a preference is left out of a release.

    `median` is the bound from which the best-rated reply of a prompt is in `sft`, as a share of the
    scale; with None, `sft` contains rewrites alone.
    """

    p: float = 0.5
    margin: float = 0.0
    median: float | None = None

    def asked(self) -> dict[str, float]:
        """Name → value, without what was not asked for."""
        return {name: value for name, value in self._asdict().items() if value is not None}


NO_THRESHOLDS = Thresholds()


class Shares(dict[tuple[str, str, float], float | None]):
    """(rubric, criterion, score) → the score as a share of its scale, each computed once.

    None for “not sure”, and for criteria without a scale on which more is better.
    """

    def __init__(self, scales: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
        super().__init__()
        self._scales = scales

    def __missing__(self, key: tuple[str, str, float]) -> float | None:
        rubric, criterion, score = key
        scale = self._scales.get(rubric, {}).get(criterion)
        share = None
        if scale and score != UNSURE:
            lowest, highest = scale
            share = (score - lowest) / (highest - lowest)
        self[key] = share
        return share


@dataclass(frozen=True, kw_only=True)
class ReleaseTerms:
    """What decides, besides a prompt itself, which of its judgements become records."""

    purpose: str
    granting: Mapping[str, str] = field(default_factory=dict)
    """Member → consent record in force, for each member who allows the purpose."""
    held_out_groups: frozenset[str] = frozenset()
    """Split groups with at least one held-out prompt."""
    linkable: frozenset[str] = frozenset()
    """Members who allow that their name is the same in all releases of the study."""
    scales: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    """Rubric → criterion → (lowest score, highest score), where a higher score is better."""
    rubrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rubric → what its criteria, reasons and labels are, as the manifest shows it."""
    thresholds: Thresholds = NO_THRESHOLDS

    @cached_property
    def shares(self) -> Shares:
        """Scores as shares of their scales."""
        return Shares(self.scales)
