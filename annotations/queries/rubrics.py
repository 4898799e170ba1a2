"""Queries for rubrics and plans. They never change, so each process caches them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotations.contract.asked import Scale
from annotations.models import Criterion, RoundCohort, Rubric
from codesign.shared.errors import NotFound
from codesign.shared.visible import shows_nothing

EXAMPLES = Path(__file__).resolve().parents[1] / "rubrics.json"
KEPT = 512
"""Rubrics and plans that a process caches."""


@dataclass(frozen=True)
class CriterionWords:
    """A criterion with its texts in one language."""

    key: str
    title: str
    question: str
    kind: str
    scale: Scale
    anchors: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RubricWords:
    """A rubric with its texts in one language."""

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
    """Return example rubrics: key → `{"title", "criteria"}`, in the format of `make_rubric`."""
    return json.loads(EXAMPLES.read_text(encoding="utf-8"))


def rubrics_of(*, study_id: uuid.UUID) -> QuerySet[Rubric]:
    """Return all versions of all rubrics of a study, the newest first."""
    return Rubric.objects.filter(study_id=study_id).order_by("key", "-version")


def newest_of(*, study_id: uuid.UUID) -> QuerySet[Rubric]:
    """Return the newest version of each rubric of a study, with criteria and texts."""
    newest = rubrics_of(study_id=study_id).distinct("key")
    return newest.prefetch_related("criteria__texts")


def newest(*, study_id: uuid.UUID, key: str) -> Rubric:
    """Return the newest version of a rubric, with criteria and texts."""
    rubric = newest_of(study_id=study_id).filter(key=key).first()
    if rubric is None:
        raise NotFound(_("This study has no such questions."))
    return rubric


def criteria_of(rubric: Rubric) -> list[dict[str, Any]]:
    """Return the criteria of a rubric (with texts loaded) in the format of `make_rubric`."""
    criteria = []
    for criterion in rubric.criteria.all():
        text = criterion.texts.all()[0]
        scale = {
            "kind": criterion.scale_kind,
            "min": criterion.scale_min,
            "max": criterion.scale_max,
            "anchors": text.anchors,
        }
        words = {"title": text.title, "help": text.question, "scale": scale}
        criteria.append({"key": criterion.key, **words})
    return criteria


def without_words(rubric: Rubric) -> list[str]:
    """Return the titles of criteria with a score that has no words; texts must be loaded."""
    lacking = []
    for criterion in rubric.criteria.all():
        scores = {str(n) for n in range(criterion.scale_min, criterion.scale_max + 1)}
        for text in criterion.texts.all():
            explained = {
                score for score, words in text.anchors.items() if not shows_nothing(str(words))
            }
            if scores - explained:
                lacking.append(text.title)
    return lacking


@lru_cache(maxsize=KEPT)
def plan_of(round_id: uuid.UUID, cohort_id: uuid.UUID) -> Plan:
    """Return the plan of a cohort in a round."""
    row = RoundCohort.objects.get(round_id=round_id, cohort_id=cohort_id)
    return Plan(rubric_id=row.rubric_id, asks=tuple(row.asks), overlap=row.overlap)


@lru_cache(maxsize=KEPT)
def rubric_in(rubric_id: uuid.UUID, language: str) -> RubricWords:
    """Return a rubric in a language. Criteria without it keep their original language."""
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
