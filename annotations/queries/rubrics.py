"""Queries for rubrics and plans. They never change, so each process caches them."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotations.contract.asked import Asked, Scale
from annotations.models import PassageLabel, Reason, RoundCohort, Rubric, RubricText
from annotations.rules.scales import UNSURE, Condition, ScaleKind
from annotations.rules.states import MarkLabel
from annotations.rules.turns import turns_asked
from codesign.shared.errors import NotFound
from codesign.shared.visible import shows_nothing

APP = Path(__file__).resolve().parents[1]
EXAMPLES = APP / "rubrics.json"
TEMPLATES = APP / "rubric_templates"
WITH_WORDS = ("criteria__texts", "criteria__only_if", "reasons", "passagelabels")
"""Relations to load with rubrics for `criteria_of`, `reasons_of` and `labels_of`."""
KEPT = 512
"""Rubrics and plans that a process caches."""


@dataclass(frozen=True)
class CriterionWords:
    """A criterion with its texts in one language.

    With `only_if`, it is asked only after these answers. `points` belong to a scale of points. With
    `turns`, it is also asked about each earlier reply in the conversation.
    """

    key: str
    title: str
    question: str
    kind: str
    scale: Scale
    anchors: tuple[tuple[str, str], ...]
    points: int | None = None
    only_if: Condition | None = None
    turns: bool = False


@dataclass(frozen=True)
class RubricWords:
    """A rubric with its texts in one language. `reasons` and `labels` are (key, title)."""

    id: uuid.UUID
    version: int
    title: str
    criteria: tuple[CriterionWords, ...]
    reasons: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    """For marked passages; none if the standard labels are used."""

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """Return criterion → scale, in order."""
        return {one.key: one.scale for one in self.criteria}

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """Return criterion → when it is asked, for those that are not always asked."""
        return {one.key: one.only_if for one in self.criteria if one.only_if}

    @cached_property
    def weights(self) -> dict[str, int]:
        """Return criterion → how a sum of scores counts it; 0 if no answer is the better one."""
        return {
            one.key: 1 if one.kind == ScaleKind.LIKERT else one.points or 0 for one in self.criteria
        }

    @cached_property
    def reason_keys(self) -> frozenset[str]:
        """Return the keys of all reasons."""
        return frozenset(key for key, _title in self.reasons)

    @cached_property
    def label_keys(self) -> frozenset[str]:
        """Return the labels to choose from. Any other label is in the person's own words."""
        return frozenset(key for key, _title in self.labels) or frozenset(MarkLabel)

    @cached_property
    def categories(self) -> frozenset[str]:
        """Return the criteria whose scores have no order."""
        return frozenset(one.key for one in self.criteria if one.kind == ScaleKind.CATEGORY)

    @cached_property
    def each_turn(self) -> frozenset[str]:
        """Return the criteria that are also asked about each earlier reply."""
        return frozenset(one.key for one in self.criteria if one.turns)

    def turns_of(self, messages: Sequence[Mapping[str, str]]) -> range:
        """Return which earlier replies of a conversation are judged."""
        return turns_asked(messages) if self.each_turn else range(0)

    def asked(self, *, texts: Mapping[str, str], asks: Iterable[str], turns: range) -> Asked:
        """Return what a submission is checked against."""
        return Asked(
            texts=texts,
            scales=self.scales,
            asks=frozenset(asks),
            conditions=self.conditions,
            reasons=self.reason_keys,
            each_turn=self.each_turn,
            turns=turns,
        )


@dataclass(frozen=True)
class Template:
    """A rubric to start from, in the format of `make_rubric`, and where it comes from."""

    key: str
    version: int
    title: str
    about: str
    audience: str
    """“panelist” or “clinician”: for whom its words are written."""
    citation: str
    url: str
    licence: str
    criteria: list[dict[str, Any]]
    reasons: list[dict[str, Any]]
    labels: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """Return its key and version, as rubrics that start from it keep them."""
        return f"{self.key}@{self.version}"


@dataclass(frozen=True)
class Plan:
    """What a cohort is asked in a round."""

    rubric_id: uuid.UUID
    asks: tuple[str, ...]
    overlap: int
    check_every: int | None = None

    def draws_check(self) -> bool:
        """Return whether a lease leads to a hidden check, at random."""
        return self.check_every is not None and not secrets.randbelow(self.check_every)


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Return the rubrics of the demo: key → `{"title", "criteria"}`, as for `make_rubric`."""
    return json.loads(EXAMPLES.read_text(encoding="utf-8"))


@cache
def templates() -> dict[str, Template]:
    """Return the rubrics to start from (standards 6): key → template, those for panelists first."""
    written = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(TEMPLATES.glob("*.json"))
    }
    return {
        key: Template(
            key=key,
            version=words["version"],
            title=words["title"],
            about=words["about"],
            audience=words["audience"],
            citation=words["citation"],
            url=words["url"],
            licence=words["licence"],
            criteria=words["criteria"],
            reasons=words.get("reasons", []),
            labels=words.get("labels", []),
        )
        for key, words in sorted(written.items(), key=lambda one: _place(one[1]))
    }


def _place(words: Mapping[str, Any]) -> tuple[bool, str]:
    return words["audience"] != "panelist", words["title"]


def template_of(rubric: Rubric) -> Template | None:
    """Return the template that a rubric started from, if it is of this version still."""
    template = templates().get(rubric.template.partition("@")[0])
    return template if template and template.name == rubric.template else None


def rubrics_of(*, study_id: uuid.UUID) -> QuerySet[Rubric]:
    """Return all versions of all rubrics of a study, the newest first."""
    return Rubric.objects.filter(study_id=study_id).order_by("key", "-version")


def newest_of(*, study_id: uuid.UUID) -> QuerySet[Rubric]:
    """Return the newest version of each rubric of a study, with criteria and texts."""
    newest = rubrics_of(study_id=study_id).distinct("key")
    return newest.prefetch_related(*WITH_WORDS)


def newest(*, study_id: uuid.UUID, key: str) -> Rubric:
    """Return the newest version of a rubric, with criteria and texts."""
    rubric = newest_of(study_id=study_id).filter(key=key).first()
    if rubric is None:
        raise NotFound(_("This study has no such questions."))
    return rubric


def criteria_of(rubric: Rubric) -> list[dict[str, Any]]:
    """Return the whole criteria of a rubric (with texts loaded), as `rules.rubric_content` says.

    The language in which a rubric was written comes first, translations of it later.
    """
    criteria = []
    for criterion in rubric.criteria.all():
        text, *others = sorted(criterion.texts.all(), key=lambda text: text.id)
        before = criterion.only_if
        criteria.append(
            {
                "key": criterion.key,
                "title": text.title,
                "help": text.question,
                "scale": {
                    "kind": criterion.scale_kind,
                    "min": criterion.scale_min,
                    "max": criterion.scale_max,
                    "anchors": text.anchors,
                    "unsure": criterion.unsure,
                    "points": criterion.points,
                },
                "turns": criterion.turns,
                "only_if": before
                and {"criterion": before.key, "scores": sorted(criterion.only_if_scores)},
                "texts": {
                    other.language: {
                        "title": other.title,
                        "help": other.question,
                        "anchors": other.anchors,
                    }
                    for other in others
                },
            }
        )
    return criteria


def reasons_of(rubric: Rubric) -> list[dict[str, Any]]:
    """Return the whole reasons of a rubric (loaded), in order."""
    return _whole(rubric.reasons.all())


def labels_of(rubric: Rubric) -> list[dict[str, Any]]:
    """Return the whole labels for marked passages of a rubric (loaded), in order."""
    return _whole(rubric.passagelabels.all())


def _whole(rows: Iterable[Reason | PassageLabel]) -> list[dict[str, Any]]:
    by_key: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: (one.position, one.id)):
        if row.key in by_key:
            by_key[row.key]["texts"][row.language] = row.title
        else:
            by_key[row.key] = {"key": row.key, "title": row.title, "texts": {}}
    return list(by_key.values())


def language_of(rubric: Rubric) -> str:
    """Return the language in which a rubric (with texts loaded) was written."""
    return languages_of(rubric)[0]


def languages_of(rubric: Rubric) -> list[str]:
    """Return the languages of a rubric (with texts loaded), the one it was written in first."""
    texts = [text for criterion in rubric.criteria.all() for text in criterion.texts.all()]
    in_order = sorted(texts, key=lambda text: text.id)
    return list(dict.fromkeys(text.language for text in in_order))


def without_words(rubric: Rubric) -> list[str]:
    """Return the titles of criteria with a score that has no words; texts must be loaded."""
    lacking = []
    for criterion in rubric.criteria.all():
        scores = {str(n) for n in range(criterion.scale_min, criterion.scale_max + 1)}
        scores |= {str(UNSURE)} if criterion.unsure else set()
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
    plans = RoundCohort.objects.select_related("round")
    row = plans.get(round_id=round_id, cohort_id=cohort_id)
    return Plan(
        rubric_id=row.rubric_id,
        asks=tuple(row.asks),
        overlap=row.overlap,
        check_every=row.round.check_every,
    )


@lru_cache(maxsize=KEPT)
def rubric_in(rubric_id: uuid.UUID, language: str) -> RubricWords:
    """Return a rubric in a language. Criteria without it keep their original language."""
    texts = RubricText.objects.filter(criterion__rubric=rubric_id).order_by("id")
    by_criterion: dict[uuid.UUID, list[RubricText]] = {}
    for text in texts.select_related("criterion__rubric", "criterion__only_if"):
        by_criterion.setdefault(text.criterion_id, []).append(text)
    in_order = sorted(by_criterion.values(), key=lambda those: those[0].criterion.position)
    rubric = in_order[0][0].criterion.rubric
    return RubricWords(
        id=rubric.id,
        version=rubric.version,
        title=rubric.title,
        criteria=tuple(_words(those, language) for those in in_order),
        reasons=_in(language, reasons_of(rubric)),
        labels=_in(language, labels_of(rubric)),
    )


def _in(language: str, short: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return (key, title in a language) of whole reasons or labels."""
    return tuple((one["key"], one["texts"].get(language, one["title"])) for one in short)


def words_of(
    *,
    title: str,
    criteria: Sequence[Mapping[str, Any]],
    reasons: Sequence[Mapping[str, Any]],
    labels: Sequence[Mapping[str, Any]],
) -> RubricWords:
    """Return a rubric that is not stored (whole criteria, reasons and labels), to preview it."""
    return RubricWords(
        id=uuid.UUID(int=0),
        version=1,
        title=title,
        criteria=tuple(
            CriterionWords(
                key=one["key"],
                title=one["title"],
                question=one["help"],
                kind=one["scale"]["kind"],
                scale=Scale(one["scale"]["min"], one["scale"]["max"], one["scale"]["unsure"]),
                anchors=tuple(one["scale"]["anchors"].items()),
                points=one["scale"]["points"],
                only_if=_condition(one["only_if"]),
                turns=one["turns"],
            )
            for one in criteria
        ),
        reasons=tuple((one["key"], one["title"]) for one in reasons),
        labels=tuple((one["key"], one["title"]) for one in labels),
    )


def _condition(only_if: Mapping[str, Any] | None) -> Condition | None:
    if not only_if:
        return None
    return Condition(only_if["criterion"], frozenset(only_if["scores"]))


def _words(texts: Sequence[RubricText], language: str) -> CriterionWords:
    """Return a criterion in a language, of its texts in the order in which they were written."""
    text = next((text for text in texts if text.language == language), texts[0])
    row = text.criterion
    anchors: dict[str, Any] = text.anchors
    before = row.only_if
    return CriterionWords(
        key=row.key,
        title=text.title,
        question=text.question,
        kind=row.scale_kind,
        scale=Scale(minimum=row.scale_min, maximum=row.scale_max, unsure=row.unsure),
        anchors=tuple((str(score), str(words)) for score, words in anchors.items()),
        points=row.points,
        only_if=Condition(before.key, frozenset(row.only_if_scores)) if before else None,
        turns=row.turns,
    )
