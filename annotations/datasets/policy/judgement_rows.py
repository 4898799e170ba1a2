"""Config `judgements`: one row for each person, response and criterion (standards 7.4).

Rows about an earlier reply in the conversation have the number of its turn and no response.

Free text (comments, notes on flags and highlights, own words as labels, rewrites) is not in it:
reviewed rewrites are in `sft` and `preference`.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from annotations.datasets.policy.eligibility import Eligibility
from annotations.datasets.policy.snapshot import (
    FlagSnapshot,
    JudgedPrompt,
    JudgementSnapshot,
    RewriteSnapshot,
)
from annotations.rules.scales import UNSURE, ScaleKind
from annotations.rules.states import MarkLabel

ABSENT = -1
"""Stands for null in numbers that are never negative."""


class Statement(NamedTuple):
    """What one row says of a response; `ABSENT` and "" for what its kind does not have."""

    kind: str
    criterion: str
    value: float
    is_tie: bool = False
    strength: int = ABSENT
    start: int = ABSENT
    end: int = ABSENT
    review: str = ""
    turn: int = ABSENT
    option: str = ""
    """The name of a category."""


UNSURE_KIND = "unsure"
"""The kind of an answer “not sure”: no number, so that nobody takes it for a score."""
NO_RUBRICS: Mapping[str, Mapping[str, Any]] = {}

Row = tuple[str, Statement]
"""(response id, statement); a release has hundreds of thousands. No id if it is about a turn."""
NO_RESPONSE = ""

OfJudgement = TypeVar("OfJudgement", RewriteSnapshot, FlagSnapshot)


class Attachments:
    """The rewrites and flags of a prompt by judgement, its responses, and all rubrics."""

    def __init__(
        self, judged_prompt: JudgedPrompt, rubrics: Mapping[str, Mapping[str, Any]] = NO_RUBRICS
    ) -> None:
        self.rubrics = rubrics
        self.prompt = judged_prompt.prompt
        self.responses = judged_prompt.responses
        self.rewrites = _by_judgement(judged_prompt.rewrites)
        self.flags = _by_judgement(judged_prompt.flags)


def _by_judgement(snapshots: Iterable[OfJudgement]) -> Mapping[str, Sequence[OfJudgement]]:
    grouped: dict[str, list[OfJudgement]] = {}
    for snapshot in snapshots:
        grouped.setdefault(snapshot.judgement_id, []).append(snapshot)
    return grouped


def rows_of(judgement: JudgementSnapshot, attachments: Attachments) -> list[Row]:
    """All rows of one judgement: ratings, ranking, reported harm, highlights, flags, rewrites."""
    rubric = attachments.rubrics.get(judgement.rubric, {})
    criteria, labels = rubric.get("criteria", {}), rubric.get("labels") or MarkLabel
    rows: list[Row] = [
        (rating["response"], _rated(rating, criteria)) for rating in judgement.ratings
    ]
    rows += [
        (NO_RESPONSE, _rated(rating, criteria)._replace(turn=rating["turn"]))
        for rating in judgement.turn_ratings or ()
    ]
    strength = judgement.strength or ABSENT
    for place, group in enumerate(judgement.ranking, start=1):
        statement = _ranking(place, len(group) > 1, strength)
        rows += [(response_id, statement) for response_id in group]
    if judgement.all_harmful:
        harm = Statement("all_harmful", "harm_in_all", 1.0)
        rows += [(response_id, harm) for response_id in judgement.order_shown]
    for reason in judgement.why or ():
        chosen = Statement("why", reason, 1.0)
        rows += [(response_id, chosen) for response_id in judgement.order_shown]
    for mark in judgement.highlights:
        label = label if (label := mark.get("label", "")) in labels else ""
        highlight = Statement("highlight", label, 1.0, start=mark["start"], end=mark["end"])
        rows.append((mark["response"], highlight))
    for flag in attachments.flags.get(judgement.id, ()):
        reported = Statement("flag", flag.harm, float(flag.severity), review=flag.state)
        rows.append((flag.response_id, reported))
    for rewrite in attachments.rewrites.get(judgement.id, ()):
        change = len(rewrite.text) - len(attachments.responses[rewrite.response_id].text)
        changed = Statement("rewrite", "length_change", float(change), review=rewrite.state)
        rows.append((rewrite.response_id, changed))
    return rows


def _rated(rating: Mapping[str, Any], criteria: Mapping[str, Mapping[str, Any]]) -> Statement:
    kind, score = _kind(rating, criteria), rating["score"]
    option = ""
    if kind == ScaleKind.CATEGORY:
        option = criteria[rating["criterion"]]["options"].get(str(score), "")
    return _rating(rating["criterion"], score, kind, option)


def _kind(rating: Mapping[str, Any], criteria: Mapping[str, Mapping[str, Any]]) -> str:
    """“rating” for a score on a Likert scale; otherwise the kind of the scale, or “unsure”."""
    if rating["score"] == UNSURE:
        return UNSURE_KIND
    criterion = criteria.get(rating["criterion"])
    kind = criterion["kind"] if criterion else ScaleKind.LIKERT
    return "rating" if kind == ScaleKind.LIKERT else str(kind)


@functools.lru_cache(maxsize=10_000)
def _rating(criterion: str, score: float, kind: str, option: str) -> Statement:
    value = 1.0 if kind == UNSURE_KIND else float(score)
    return Statement(kind, criterion, value, option=option)


@functools.lru_cache(maxsize=10_000)
def _ranking(place: int, is_tie: bool, strength: int) -> Statement:
    return Statement("ranking", "preference", float(place), is_tie, strength)


def eligible_judgements(
    judged_prompt: JudgedPrompt,
    eligibility: Eligibility,
    dropped_rows: Counter[str],
    dropped_judgements: Counter[str],
) -> list[JudgementSnapshot]:
    """The judgements to release; the others, and their rows, are counted by reason."""
    eligible, attachments = [], Attachments(judged_prompt)
    for judgement in judged_prompt.judgements:
        if reason := eligibility.judgement_drop_reason(judgement):
            dropped_rows[reason] += len(rows_of(judgement, attachments))
            dropped_judgements[reason] += 1
        else:
            eligible.append(judgement)
    return eligible
