"""The votes on each pair of responses to a prompt.

Every pair of a ranking is a vote. A vote needs consent; a report of harm does not (`harm_veto`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, product
from typing import NamedTuple

from annotations.datasets.policy.consensus import Tally
from annotations.datasets.policy.eligibility import Eligibility, Ineligible, first_reason
from annotations.datasets.policy.harm_veto import is_vetoed
from annotations.datasets.policy.snapshot import HarmReport, JudgedPrompt, JudgementSnapshot
from annotations.rules.releases import DropReason


class Comparison(NamedTuple):
    """Two response ids, in alphabetical order, and which of the two one person prefers."""

    first: str
    second: str
    side: int
    """1 prefers the first, -1 the second, 0 neither."""


def compared_pairs(ranking: Sequence[Sequence[str]]) -> Iterator[Comparison]:
    """All pairs that a ranking compares; it is a list of groups, the best first."""
    for place, group in enumerate(ranking):
        for first, second in combinations(sorted(group), 2):
            yield Comparison(first, second, 0)
        for worse_group in ranking[place + 1 :]:
            for better, worse in product(group, worse_group):
                if better < worse:
                    yield Comparison(better, worse, 1)
                else:
                    yield Comparison(worse, better, -1)


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's preference on a pair; `side` as in `Comparison`."""

    judgement: JudgementSnapshot
    side: int
    ranking_length: int = 2
    """How many responses the ranking contains."""

    @property
    def signed_strength(self) -> int:
        """From 1 (slightly) to 3 (much) times the side; 1 if the strength was not given."""
        return self.side * (self.judgement.strength or 1)


@dataclass
class Pair:
    """Two responses to one prompt, and what people submitted about the two."""

    first: str
    second: str
    votes: dict[str, Vote] = field(default_factory=dict)
    """Member → their vote."""
    harm_reports: dict[str, JudgementSnapshot] = field(default_factory=dict)
    """Member → their eligible judgement, for each who found that all responses could do harm."""
    ineligible_harm_reports: dict[str, str] = field(default_factory=dict)
    """Member → their role, for each who found the same in what is not eligible or no vote."""
    ineligible: list[Ineligible] = field(default_factory=list)
    vetoed: bool = False
    """Whether reports of harm outweigh the votes, counted over all cohorts."""

    @cached_property
    def by_cohort(self) -> dict[str, list[Vote]]:
        """Cohort → its votes, in alphabetical order of the cohorts."""
        groups: dict[str, list[Vote]] = {}
        for vote in self.votes.values():
            groups.setdefault(vote.judgement.cohort, []).append(vote)
        return dict(sorted(groups.items()))

    @cached_property
    def tallies(self) -> dict[str, Tally]:
        """Cohort → its tally."""
        return {
            cohort: Tally.of((vote.side, vote.ranking_length) for vote in votes)
            for cohort, votes in self.by_cohort.items()
        }

    def judgements(self) -> list[JudgementSnapshot]:
        """The judgements that a record of this pair is based on."""
        return [vote.judgement for vote in self.votes.values()]

    def cohorts(self) -> list[str]:
        """The cohorts of all people who judged the pair, eligible or not."""
        eligible = [*self.judgements(), *self.harm_reports.values()]
        return sorted({j.cohort for j in eligible} | {one.cohort for one in self.ineligible})

    def of_cohort(self, cohort: str) -> Pair:
        """The same pair with the votes of one cohort. The veto stays that of all cohorts."""
        votes, reports = self.votes.items(), self.harm_reports.items()
        return replace(
            self,
            votes={member: vote for member, vote in votes if vote.judgement.cohort == cohort},
            harm_reports={member: j for member, j in reports if j.cohort == cohort},
            ineligible_harm_reports={},
            ineligible=[one for one in self.ineligible if one.cohort == cohort],
        )


def gather_pairs(judged_prompt: JudgedPrompt, eligibility: Eligibility) -> list[Pair]:
    """Every pair that somebody judged, with its eligible votes.

    A person who saw a pair in several rounds has one vote: the one of the first judgement by id.
    """
    pairs: dict[tuple[str, str], Pair] = {}

    def pair_of(first: str, second: str) -> Pair:
        return pairs.setdefault((first, second), Pair(first, second))

    for judgement in sorted(judged_prompt.judgements, key=lambda j: j.id):
        reason = eligibility.judgement_drop_reason(judgement)
        ineligible = Ineligible(judgement.cohort, reason) if reason else None
        if judgement.all_harmful:
            for first, second in combinations(sorted(judgement.order_shown), 2):
                _add_harm_report(pair_of(first, second), judgement, ineligible)
            continue
        ranking_length = sum(map(len, judgement.ranking))
        for first, second, side in compared_pairs(judgement.ranking):
            pair = pair_of(first, second)
            if ineligible:
                pair.ineligible.append(ineligible)
            else:
                vote = Vote(judgement, side, ranking_length)
                pair.votes.setdefault(judgement.member_id, vote)
    _add_warnings(pairs, judged_prompt.harm_reports)
    for pair in pairs.values():
        pair.vetoed = _is_vetoed(pair)
    return list(pairs.values())


def pair_drop_reason(pair: Pair, eligibility: Eligibility) -> DropReason | None:
    """Why no config has a record of the pair: its responses, its texts, or missing judgements."""
    ids = (pair.first, pair.second)
    for response_id in ids:
        if reason := eligibility.response_drop_reason(response_id):
            return reason
    if not pair.votes and not pair.harm_reports:
        return first_reason(pair.ineligible)
    return eligibility.text_drop_reason(*ids)


def _add_warnings(pairs: dict[tuple[str, str], Pair], reports: Iterable[HarmReport]) -> None:
    """Add reports from texts that are no votes to the pairs that have some."""
    for report in reports:
        for ids in combinations(sorted(report.order_shown), 2):
            if ids in pairs:
                pairs[ids].ineligible_harm_reports[report.member_id] = report.role


def _add_harm_report(
    pair: Pair, judgement: JudgementSnapshot, ineligible: Ineligible | None
) -> None:
    if ineligible:
        pair.ineligible.append(ineligible)
        pair.ineligible_harm_reports[judgement.member_id] = judgement.role
    else:
        pair.harm_reports.setdefault(judgement.member_id, judgement)


def _is_vetoed(pair: Pair) -> bool:
    roles = pair.ineligible_harm_reports | {
        member: judgement.role for member, judgement in pair.harm_reports.items()
    }
    return is_vetoed(roles.values(), judges=len(roles.keys() | pair.votes.keys()))
