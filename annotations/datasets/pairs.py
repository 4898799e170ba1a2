"""Config `preference`, the part from comparisons: one record per consensus on a pair.

Every pair of a ranking is a vote. Votes need consent; that responses could do harm does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

from annotations.datasets.consensus import (
    HALF,
    Outcome,
    Tally,
    compared,
    in_cycles,
    outcome,
    pooled,
    weight,
)
from annotations.datasets.screening import Screening
from annotations.datasets.snapshot import (
    JudgementFact,
    Least,
    Part,
    PromptFact,
    ResponseFact,
)
from annotations.rules.releases import Dropped
from annotations.rules.texts import same_text, text_hash
from codesign.studies.rules import Role

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vote:
    """One person on one pair: 1 prefers the first, -1 the second, 0 neither."""

    judgement: JudgementFact
    side: int
    length: int = 2
    """How many responses the ranking holds."""

    @property
    def force(self) -> int:
        """Signed strength, 1 slightly to 3 much; 1 where it was not said."""
        return self.side * (self.judgement.strength or 1)


@dataclass
class Pair:
    """Two responses to one prompt and what was said of them."""

    first: str
    second: str
    votes: dict[str, Vote] = field(default_factory=dict)
    both_harmful: dict[str, JudgementFact] = field(default_factory=dict)
    warned: dict[str, Role] = field(default_factory=dict)
    """member → role of each who found harm in both and whose judgement may not be used."""
    dropped: list[tuple[str, Dropped]] = field(default_factory=list)
    """(cohort, reason) of each judgement that may not be used."""

    @cached_property
    def by_cohort(self) -> dict[str, list[Vote]]:
        """cohort → its votes, in the order of the cohorts' names."""
        groups: dict[str, list[Vote]] = {}
        for vote in self.votes.values():
            groups.setdefault(vote.judgement.cohort, []).append(vote)
        return dict(sorted(groups.items()))

    @cached_property
    def tallies(self) -> dict[str, Tally]:
        """cohort → tally."""
        return {
            cohort: Tally.of((vote.side, vote.length) for vote in votes)
            for cohort, votes in self.by_cohort.items()
        }

    @cached_property
    def found_harmful(self) -> bool:
        """Whether harm in both outweighs the comparisons: a clinician said so, or half of all did.

        Clinicians hold a veto where safety is at stake, not a bonus where taste is. What was found
        harmful counts whatever its author consents to, as a flag does; a comparison does not, so
        that nobody's work speaks for a text without their consent.
        """
        said = self.warned | {who: j.role for who, j in self.both_harmful.items()}
        vetoed = Role.CLINICIAN in said.values()
        return vetoed or (bool(said) and 2 * len(said) >= len(said) + len(self.votes))

    def judged(self) -> list[JudgementFact]:
        """The judgements that a record of this pair stands on."""
        return [vote.judgement for vote in self.votes.values()]

    def cohorts(self) -> list[str]:
        """Everybody who compared, their consent aside, by cohort."""
        used = [*self.judged(), *self.both_harmful.values()]
        return sorted({j.cohort for j in used} | {cohort for cohort, _ in self.dropped})

    def within(self, cohort: str) -> Pair:
        """What one cohort said of the two; whether they are harmful stays everybody's word."""
        own = Pair(
            self.first,
            self.second,
            {who: vote for who, vote in self.votes.items() if vote.judgement.cohort == cohort},
            {who: j for who, j in self.both_harmful.items() if j.cohort == cohort},
            {},
            [(name, reason) for name, reason in self.dropped if name == cohort],
        )
        own.found_harmful = self.found_harmful
        return own


def message(role: str, content: str) -> list[dict[str, str]]:
    """One message, as trainers take it."""
    return [{"role": role, "content": content}]


def stable_id(kind: str, *ids: str) -> str:
    """A record's name where it holds nothing of a single person: the same in every release."""
    return hashlib.sha256("|".join((kind, *ids)).encode()).hexdigest()[:24]


def gather(part: Part, screening: Screening) -> list[Pair]:
    """Every pair that anybody compared, with the votes that may be used.

    One person has one vote on a pair: the first by id, where they saw it in several rounds.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    for judgement in sorted(part.judgements, key=lambda j: j.id):
        reason = screening.of_judgement(judgement)
        length = sum(map(len, judgement.ranking))
        for first, second, side in _said(judgement):
            pair = pairs.setdefault((first, second), Pair(first, second))
            if reason:
                pair.dropped.append((judgement.cohort, reason))
                if side is None:
                    pair.warned[judgement.member_id] = Role(judgement.role)
            elif side is None:
                pair.both_harmful.setdefault(judgement.member_id, judgement)
            else:
                pair.votes.setdefault(judgement.member_id, Vote(judgement, side, length))
    return list(pairs.values())


def _said(judgement: JudgementFact) -> Iterator[tuple[str, str, int | None]]:
    """(first, second, side); the side is None where all responses were found harmful."""
    if judgement.all_harmful:
        for one, other in combinations(sorted(judgement.order_shown), 2):
            yield one, other, None
    else:
        yield from compared(judgement.ranking)


def cyclic(pairs: Collection[Pair], part: Part) -> set[tuple[str, str]]:
    """The pairs, as (first, second), whose preference is part of a cycle of these pairs' votes.

    Responses with the same text are one: no order keeps both a preference and its opposite.
    """
    if len(pairs) < 2:  # one cannot contradict itself
        return set()
    keys = {i: text_hash(part.responses[i].text) for p in pairs for i in (p.first, p.second)}
    leaning = {(pair.first, pair.second): _leaning(pair) for pair in pairs}
    preferred = [
        (keys[first], keys[second]) if side > 0 else (keys[second], keys[first])
        for (first, second), side in leaning.items()
        if side and keys[first] != keys[second]
    ]
    cycles = in_cycles(preferred)
    return {
        (first, second)
        for first, second in leaning
        if keys[first] in cycles and cycles[keys[first]] == cycles.get(keys[second])
    }


def _leaning(pair: Pair) -> Fraction:
    """Above 0 where the pooled votes prefer the first, below where the second."""
    return pooled(pair.tallies) - HALF if pair.votes else Fraction(0)


def why_not(pair: Pair, part: Part, screening: Screening) -> Dropped | None:
    """Why a pair makes no record, whatever its winner would be."""
    both = (pair.first, pair.second)
    for response_id in both:
        if reason := screening.of_response(response_id):
            return reason
    if not pair.votes and not pair.both_harmful:
        return min((reason for _, reason in pair.dropped), key=list(Dropped).index)
    if reason := screening.of_texts(*both):
        return reason
    if any(screening.has_open_flag(response_id) for response_id in both):
        return Dropped.OPEN_FLAG
    if pair.found_harmful or not pair.votes:
        return Dropped.ALL_HARMFUL
    first, second = (part.responses[response_id].text for response_id in both)
    return Dropped.IDENTICAL_TEXT if same_text(first, second) else None


APART = {Outcome.CONTESTED: Dropped.CONTESTED, Outcome.UNDECIDED: Dropped.UNDECIDED}


def record_of_pair(
    pair: Pair, part: Part, screening: Screening, *, in_cycle: bool, least: Least
) -> tuple[Record | None, Dropped | None]:
    """(record, why it is not in the file): one of the two, both where it is to be listed apart."""
    if reason := why_not(pair, part, screening):
        return None, reason
    result = outcome(pair.tallies)
    if apart := APART.get(result):
        return listed(pair, part, apart), apart
    if result is Outcome.TIE:
        return None, Dropped.TIE
    if in_cycle:
        return listed(pair, part, Dropped.CYCLE), Dropped.CYCLE
    ids = (pair.first, pair.second)
    chosen, rejected = (part.responses[i] for i in (ids if result is Outcome.FIRST else ids[::-1]))
    if screening.is_harmful(chosen.text):
        return None, Dropped.UPHELD_HARM
    record = _record(pair, part.prompt, chosen, rejected)
    reason = below(record, least)
    return (None, reason) if reason else (record, None)


def below(record: Record, least: Least) -> Dropped | None:
    """Why a preference is too weak for this release, by the numbers that it says of itself."""
    if record["meta"]["p"] < least.p:
        return Dropped.BELOW_LEAST_P
    return Dropped.BELOW_LEAST_MARGIN if record["margin"] < least.margin else None


def _record(pair: Pair, prompt: PromptFact, chosen: ResponseFact, rejected: ResponseFact) -> Record:
    sign = 1 if chosen.id == pair.first else -1
    p = pooled(pair.tallies)
    return {
        "record_id": stable_id("preference", pair.first, pair.second),
        "prompt": prompt.messages,
        "chosen": message("assistant", chosen.text),
        "rejected": message("assistant", rejected.text),
        "margin": _margin(pair, sign),
        "meta": meta(prompt, pair.judged(), "comparison")
        | {
            "chosen_response_id": chosen.id,
            "rejected_response_id": rejected.id,
            "chosen_model_version_id": chosen.model.id,
            "rejected_model_version_id": rejected.model.id,
            "chosen_origin": chosen.origin,
            "rejected_origin": rejected.origin,
            "p": round(float(p if sign == 1 else 1 - p), 4),
            "length_change": len(chosen.text) - len(rejected.text),
            "cohorts": cohort_rows(pair, sign),
        },
    }


def _margin(pair: Pair, sign: int) -> float:
    """Mean signed strength towards the chosen, cohorts equally, 0 to 3.

    Where the few who prefer the other feel more strongly, it is 0 and not negative.
    """
    means = [_mean_force(votes) * sign for votes in pair.by_cohort.values()]
    return round(max(float(sum(means)) / len(means), 0.0), 4)


def _mean_force(votes: Sequence[Vote]) -> float | Fraction:
    """The mean of signed strengths, each with its vote's weight."""
    if all(vote.length == votes[0].length for vote in votes):
        return sum(vote.force for vote in votes) / len(votes)
    weights = [weight(vote.length) for vote in votes]
    forces = (vote.force * w for vote, w in zip(votes, weights, strict=True))
    return sum(forces, Fraction(0)) / sum(weights)


def cohort_rows(pair: Pair, sign: int) -> list[Record]:
    """What each cohort said, seen from the chosen response."""
    rows = []
    for cohort, votes in pair.by_cohort.items():
        tally = Tally.of((vote.side * sign, vote.length) for vote in votes)
        rows.append(
            {
                "cohort": cohort,
                "role": votes[0].judgement.role,
                "wins": tally.wins,
                "ties": tally.ties,
                "losses": tally.losses,
                "votes": round(float(tally.votes), 4),
                "p": round(float(tally.p), 4),
            }
        )
    return rows


def meta(prompt: PromptFact, judged: list[JudgementFact], kind: str) -> Record:
    """What every record of text says about itself."""
    return {
        "kind": kind,
        "example": any(judgement.example for judgement in judged),
        "prompt_id": prompt.id,
        "category": prompt.category,
        "topics": sorted(prompt.topics),
        "intensity": prompt.intensity,
        "language": prompt.language,
        "rubrics": sorted({judgement.rubric for judgement in judged}),
    }


def listed(pair: Pair, part: Part, why: str) -> Record:
    """A line of contested.jsonl: both texts, and what each cohort says of the first."""
    first, second = (part.responses[i] for i in (pair.first, pair.second))
    prompt = part.prompt
    return {
        "record_id": stable_id("preference", pair.first, pair.second),
        "prompt": prompt.messages,
        "first": message("assistant", first.text),
        "second": message("assistant", second.text),
        "meta": meta(prompt, pair.judged(), str(why))
        | {
            "first_response_id": first.id,
            "second_response_id": second.id,
            "p": round(float(pooled(pair.tallies)), 4),
            "cohorts": cohort_rows(pair, 1),
        },
    }
