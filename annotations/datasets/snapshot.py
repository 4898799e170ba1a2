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
from functools import cached_property
from itertools import compress
from typing import Any, NamedTuple

from annotations.registry import ModelName

NO_MODEL = ModelName()
NEW_LINE = "\n"
"""JSON holds none but those that stand between two values."""


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
    uncleared: bool = False
    """Personal data was found in it, and nobody has cleared it."""


class ResponseFact(NamedTuple):
    """A response, and the model that wrote it as far as that is known."""

    id: str
    prompt_id: str
    text: str
    origin: str
    withdrawn: bool
    uncleared: bool = False
    """Personal data was found in it, and nobody has cleared it."""
    model: ModelName = NO_MODEL


class JudgementFact(NamedTuple):
    """One judgement; `pay_check` says whether its pay is or was looked at."""

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


class PartText(NamedTuple):
    """A part as the database says it: each fact a line of JSON, in the order of their ids.

    It is hashed as it came. Of a response, the last value is its source and not yet its model.
    """

    prompt: str
    responses: str
    judgements: str
    rewrites: str | None = None
    flags: str | None = None

    def values(self) -> list[Any]:
        """All of it as plain values, for `part_of`."""
        lists = (f"[{(facts or '').replace(NEW_LINE, ',')}]" for facts in self[1:])
        values: list[Any] = json.loads(f"[{self.prompt},{','.join(lists)}]")
        return values

    def fingerprint(self, part: Part, kept: Sequence[JudgementFact]) -> bytes:
        """What of this part enters a release with these of its judgements.

        The prompt, the responses shown, the rewrites, every flag and every “all could do harm”,
        whoever said it. Other responses, being written meanwhile or shown to others alone, do not
        count.
        """
        ids = {judgement.id for judgement in kept}
        harm = sorted(
            json.dumps([judgement.role, sorted(judgement.order_shown)])
            for judgement in part.judgements
            if judgement.all_harmful and judgement.id not in ids
        )
        shown = {response for judgement in kept for response in judgement.order_shown}
        shown.update(flag.response_id for flag in part.flags)
        found = [
            [self.prompt],
            _chosen(self.responses, (response in shown for response in part.responses)),
            _chosen(self.judgements, (judgement.id in ids for judgement in part.judgements)),
            _chosen(self.rewrites, (rewrite.judgement_id in ids for rewrite in part.rewrites)),
            [self.flags or ""],
            *([harm] if harm else []),
        ]
        return "\n\n".join("\n".join(lines) for lines in found).encode() + b"\n"


def _chosen(facts: str | None, wanted: Iterable[bool]) -> Iterable[str]:
    return compress((facts or "").split(NEW_LINE), wanted)


def part_of(values: Sequence[Any], models: Mapping[str, ModelName]) -> Part:
    """The facts of a part from the values of its line; `models` says which model a source is."""
    prompt, responses, judgements, rewrites, flags = values
    known = PromptFact(*prompt)
    messages = [{"role": m["role"], "content": m["content"]} for m in known.messages]
    return Part(
        known._replace(messages=messages),
        {row[0]: ResponseFact._make([*row[:-1], models[row[-1]]]) for row in responses},
        [*map(JudgementFact._make, judgements)],
        [*map(RewriteFact._make, rewrites)],
        [*map(FlagFact._make, flags)],
    )


class Least(NamedTuple):
    """How sure and how strong a preference of a release is at least."""

    p: float = 0.5
    margin: float = 0.0


ANY = Least()


@dataclass(frozen=True)
class Selection:
    """Everything that decides what is in a release.

    `parts` come in the order of their prompts' ids and can be gone through once. `granting` maps
    each member whose consent in force allows the purpose to their record: what is compared again
    when the release freezes. `models` knows every source. `held_out_groups` are split groups of
    held-out prompts. `scales` has each rubric's criteria with the least and the greatest score.
    """

    study: Mapping[str, str]
    purpose: str
    parts: Iterable[PartText]
    models: Mapping[str, ModelName]
    granting: Mapping[str, str] = field(default_factory=dict)
    consent_versions: list[dict[str, Any]] = field(default_factory=list)
    held_out_groups: frozenset[str] = frozenset()
    scales: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    least: Least = ANY


class Fingerprint:
    """SHA-256 over what enters a release: the same inputs, the same value.

    What else is in the study does not count: prompts held out, people who judged nothing.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, text: PartText, part: Part, kept: Sequence[JudgementFact]) -> None:
        """Count in a part and those of its judgements that are released, if any are."""
        if kept:
            self._digest.update(text.fingerprint(part, kept))

    def close(self, *head: object) -> str:
        """The value, hex; `head` is what the parts do not hold: study, purpose, rules, consents."""
        self._digest.update(json.dumps(head, sort_keys=True, ensure_ascii=False).encode())
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Keys:
    """Names that hold within one selection and tell nothing outside it (standards 7.1).

    Keyed by the study's secret and the selection's hash: the same inputs give the same names,
    another release gives others, and only who has the secret can go back.
    """

    secret: bytes
    selection_hash: str

    @cached_property
    def _begun(self) -> hmac.HMAC:
        return hmac.new(self.secret, f"{self.selection_hash}|".encode(), "sha256")

    def name(self, kind: str, *ids: object) -> str:
        """24 hex digits (96 bits) for a thing of that kind."""
        # not hmac.digest: it hands Python's lock to the thread that writes, at every call
        digest = self._begun.copy()
        digest.update("|".join((kind, *map(str, ids))).encode())
        return digest.hexdigest()[:24]
