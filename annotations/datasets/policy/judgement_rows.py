"""Config `judgements`: one row for each person, response and criterion (standards 7.4).

Rows about an earlier reply in the conversation have the number of its turn and no response.

Free text (comments, notes on flags and highlights, own words as labels, rewrites) is not in it:
reviewed rewrites are in `sft` and `preference`.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from annotations.datasets.policy.eligibility import JudgementDropReason
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

Row = tuple[str, Statement]
"""(response id, statement); a release has hundreds of thousands. No id if it is about a turn."""
NO_RESPONSE = ""

OfJudgement = TypeVar("OfJudgement", RewriteSnapshot, FlagSnapshot)


class RatingStatements:
    """Rubric → the statements of its scores, each made only once because there are many rows."""

    def __init__(self, rubrics: Mapping[str, Mapping[str, Any]]) -> None:
        self._rubrics = rubrics
        self._by_rubric: dict[str, StatementsOfRubric] = {}

    def of(self, rubric: str) -> StatementsOfRubric:
        """Return those of a rubric."""
        if rubric not in self._by_rubric:
            self._by_rubric[rubric] = StatementsOfRubric(self._rubrics.get(rubric, {}))
        return self._by_rubric[rubric]


class StatementsOfRubric(dict[tuple[str, float], Statement]):
    """(criterion, score) → statement; and the labels of the rubric's marks."""

    def __init__(self, rubric: Mapping[str, Any]) -> None:
        super().__init__()
        self._criteria: Mapping[str, Mapping[str, Any]] = rubric.get("criteria", {})
        self.labels: Container[str] = rubric.get("labels") or MarkLabel

    def __missing__(self, key: tuple[str, float]) -> Statement:
        criterion, score = key
        kind, option = self._kind(criterion, score), ""
        value = 1.0 if kind == UNSURE_KIND else float(score)
        if kind == ScaleKind.CATEGORY:
            option = self._criteria[criterion]["options"].get(str(score), "")
        self[key] = statement = Statement(kind, criterion, value, option=option)
        return statement

    def _kind(self, key: str, score: float) -> str:
        """“rating” for a score on a Likert scale; otherwise the kind of the scale, or “unsure”."""
        if score == UNSURE:
            return UNSURE_KIND
        criterion = self._criteria.get(key)
        kind = criterion["kind"] if criterion else ScaleKind.LIKERT
        return "rating" if kind == ScaleKind.LIKERT else str(kind)


UNKNOWN_RUBRICS = RatingStatements({})


class Attachments:
    """The rewrites and flags of a prompt by judgement, its responses, and all rubrics."""

    def __init__(
        self, judged_prompt: JudgedPrompt, rating_statements: RatingStatements = UNKNOWN_RUBRICS
    ) -> None:
        self.rating_statements = rating_statements
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
    statements = attachments.rating_statements.of(judgement.rubric)
    rows: list[Row] = [
        (rating["response"], statements[rating["criterion"], rating["score"]])
        for rating in judgement.ratings
    ]
    rows += [
        (
            NO_RESPONSE,
            statements[rating["criterion"], rating["score"]]._replace(turn=rating["turn"]),
        )
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
        label = label if (label := mark.get("label", "")) in statements.labels else ""
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


@functools.lru_cache(maxsize=10_000)
def _ranking(place: int, is_tie: bool, strength: int) -> Statement:
    return Statement("ranking", "preference", float(place), is_tie, strength)


def eligible_judgements(
    judged_prompt: JudgedPrompt,
    drop_reason: JudgementDropReason,
    dropped_rows: Counter[str],
    dropped_judgements: Counter[str],
) -> list[JudgementSnapshot]:
    """The judgements to release; the others, and their rows, are counted by reason."""
    eligible, attachments = [], Attachments(judged_prompt)
    for judgement in judged_prompt.judgements:
        if reason := drop_reason(judgement):
            dropped_rows[reason] += len(rows_of(judgement, attachments))
            dropped_judgements[reason] += 1
        else:
            eligible.append(judgement)
    return eligible
