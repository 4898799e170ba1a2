"""Reading what is asked. Rubrics and plans never change, so each process keeps them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from annotations.models import Criterion, RoundCohort, Rubric
from annotations.rules.submission import Scale

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


def rubrics_of(*, study_id: uuid.UUID) -> QuerySet[Rubric]:
    """Every version of every rubric of a study, the newest first."""
    return Rubric.objects.filter(study_id=study_id).order_by("key", "-version")


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
