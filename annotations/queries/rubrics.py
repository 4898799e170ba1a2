"""Reading what is asked. Rubrics and plans never change, so each process keeps them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from annotations.contract.asked import Scale
from annotations.models import Criterion, RoundCohort, Rubric
from codesign.shared.errors import NotFound
from codesign.shared.visible import shows_nothing

EXAMPLES = Path(__file__).resolve().parents[1] / "rubrics.json"
KEPT = 512
"""Rubrics and plans kept in a process."""


@dataclass(frozen=True)
class CriterionWords:
    """A criterion in the words of one language."""

    key: str
    title: str
    question: str
    kind: str
    scale: Scale
    anchors: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RubricWords:
    """A rubric in the words of one language."""

    id: uuid.UUID
    version: int
    title: str
    criteria: tuple[CriterionWords, ...]


@dataclass(frozen=True)
class Plan:
    """What a cohort is asked in a round."""

    rubric_id: uuid.UUID
    asks: tuple[str, ...]
    overlap: int


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Questions of our own to begin from: key → `{"title", "criteria"}`, as `make_rubric` takes."""
    return json.loads(EXAMPLES.read_text(encoding="utf-8"))


def rubrics_of(*, study_id: uuid.UUID) -> QuerySet[Rubric]:
    """Every version of every rubric of a study, the newest first."""
    return Rubric.objects.filter(study_id=study_id).order_by("key", "-version")


def newest_of(*, study_id: uuid.UUID) -> QuerySet[Rubric]:
    """The newest version of each rubric of a study, with its criteria and their words."""
    newest = rubrics_of(study_id=study_id).distinct("key")
    return newest.prefetch_related("criteria__texts")


def newest(*, study_id: uuid.UUID, key: str) -> Rubric:
    """The newest version of one rubric, with its criteria and their words."""
    found = newest_of(study_id=study_id).filter(key=key).first()
    if found is None:
        raise NotFound("There are no such questions in this study.")
    return found


def criteria_of(rubric: Rubric) -> list[dict[str, Any]]:
    """The criteria of a rubric that comes with its words, as `make_rubric` takes them."""
    found = []
    for criterion in rubric.criteria.all():
        text = criterion.texts.all()[0]
        scale = {
            "kind": criterion.scale_kind,
            "min": criterion.scale_min,
            "max": criterion.scale_max,
            "anchors": text.anchors,
        }
        said = {"title": text.title, "help": text.question, "scale": scale}
        found.append({"key": criterion.key, **said})
    return found


def without_words(rubric: Rubric) -> list[str]:
    """Criteria of which some score has no words, by title; `rubric` comes with its words."""
    lacking = []
    for criterion in rubric.criteria.all():
        scores = {str(n) for n in range(criterion.scale_min, criterion.scale_max + 1)}
        for text in criterion.texts.all():
            said = {score for score, words in text.anchors.items() if not shows_nothing(str(words))}
            if scores - said:
                lacking.append(text.title)
    return lacking


@lru_cache(maxsize=KEPT)
def plan_of(round_id: uuid.UUID, cohort_id: uuid.UUID) -> Plan:
    """The plan of one cohort in one round."""
    row = RoundCohort.objects.get(round_id=round_id, cohort_id=cohort_id)
    return Plan(rubric_id=row.rubric_id, asks=tuple(row.asks), overlap=row.overlap)


@lru_cache(maxsize=KEPT)
def rubric_in(rubric_id: uuid.UUID, language: str) -> RubricWords:
    """The rubric in that language; a criterion without it keeps the words it was written in."""
    rubric = Rubric.objects.get(id=rubric_id)
    rows = Criterion.objects.filter(rubric=rubric).prefetch_related("texts").order_by("position")
    return RubricWords(
        id=rubric.id,
        version=rubric.version,
        title=rubric.title,
        criteria=tuple(_words(row, language) for row in rows),
    )


def _words(row: Criterion, language: str) -> CriterionWords:
    texts = sorted(row.texts.all(), key=lambda text: (text.language != language, text.id))
    text = texts[0]
    anchors: dict[str, Any] = text.anchors
    return CriterionWords(
        key=row.key,
        title=text.title,
        question=text.question,
        kind=row.scale_kind,
        scale=Scale(minimum=row.scale_min, maximum=row.scale_max),
        anchors=tuple((str(score), str(words)) for score, words in anchors.items()),
    )
