"""Rubrics: what people are asked about replies, with the words of each language."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from annotations.rules.scales import HIGHEST, LOWEST, MOST_OPTIONS, NO, UNSURE, YES, ScaleKind
from codesign.shared.models import PublicModel, append_only, counting, one_of
from codesign.studies.models import Study

CONDITION_COMES_BEFORE = """
    IF EXISTS (
        SELECT FROM made JOIN annotations_criterion before ON before.id = made.only_if_id
        WHERE before.rubric_id <> made.rubric_id OR before.position >= made.position
            OR made.turns AND NOT before.turns
    ) THEN
        RAISE EXCEPTION 'a criterion depends on an earlier one of its rubric, asked as often'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
TWO_ANSWERS = Q(scale_min=NO, scale_max=YES, scale_kind__in=[ScaleKind.YES_NO, ScaleKind.POINTS])
OPTIONS = Q(scale_min=1, scale_max__lte=MOST_OPTIONS, scale_kind=ScaleKind.CATEGORY)


class Rubric(PublicModel):
    """A numbered version of a set of criteria. A change creates a new version."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="rubrics")
    key = models.SlugField()
    title = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    template = models.CharField(
        max_length=80,
        blank=True,
        db_default="",
        help_text="The template and its version that it started from, such as counselbench@1.",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "key", "version"], name="rubric_version")
        ]
        triggers: ClassVar = append_only()


class Criterion(PublicModel):
    """One question of a rubric, answered on a scale.

    It is asked about each reply; with `turns`, also about each earlier reply in the conversation.
    With `only_if`, it is asked only if the answer to an earlier question about the same reply is
    one of `only_if_scores`.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="criteria")
    key = models.SlugField()
    position = models.PositiveSmallIntegerField()
    scale_kind = models.CharField(max_length=12, default=ScaleKind.LIKERT)
    scale_min = models.SmallIntegerField(default=1)
    scale_max = models.SmallIntegerField(default=5)
    unsure = models.BooleanField(
        default=False, db_default=False, help_text="Whether “not sure” can be chosen, as score 99."
    )
    turns = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether it is also asked about each earlier reply in the conversation.",
    )
    points = models.SmallIntegerField(
        null=True, help_text="Of a scale of points: what a reply gets if this is met."
    )
    only_if = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    only_if_scores = ArrayField(models.SmallIntegerField(), default=list, db_default=[])

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rubric", "key"], name="criterion_key"),
            models.UniqueConstraint(fields=["rubric", "position"], name="criterion_position"),
            models.CheckConstraint(
                condition=Q(scale_min__lt=F("scale_max")), name="criterion_scale_has_room"
            ),
            one_of("scale_kind", ScaleKind, "criterion_scale_kind_known"),
            models.CheckConstraint(
                condition=Q(scale_max__lt=UNSURE, scale_kind=ScaleKind.LIKERT)
                | OPTIONS
                | TWO_ANSWERS,
                name="criterion_scale_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(scale_kind=ScaleKind.POINTS, points__isnull=False)
                & Q(points__gte=LOWEST, points__lte=HIGHEST)
                & ~Q(points=0)
                | ~Q(scale_kind=ScaleKind.POINTS) & Q(points=None),
                name="criterion_points_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(only_if=None, only_if_scores=[])
                | Q(only_if__isnull=False) & ~Q(only_if_scores=[]),
                name="criterion_condition_whole",
            ),
        ]
        ordering: ClassVar = ["position"]
        triggers: ClassVar = [
            *append_only(),
            counting(name="condition_before", func=CONDITION_COMES_BEFORE),
        ]


class RubricText(models.Model):
    """The words of a criterion in one language: title, question, anchors for the scores."""

    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=120)
    question = models.CharField(max_length=300)
    anchors = models.JSONField(default=dict, help_text='{"1": "missed it", …}')

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["criterion", "language"], name="rubric_text_language")
        ]
        triggers: ClassVar = append_only()


class ShortWords(models.Model):
    """A short text of a rubric that people can choose, in one language.

    They have the same key and position in each language.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.PROTECT, related_name="%(class)ss")
    key = models.SlugField()
    position = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=60)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rubric", "language", "key"], name="%(class)s_key"),
            models.UniqueConstraint(
                fields=["rubric", "language", "position"], name="%(class)s_position"
            ),
        ]
        ordering: ClassVar = ["position"]
        triggers: ClassVar = append_only()


class Reason(ShortWords):
    """A short reason that people can choose under “Why?”."""


class PassageLabel(ShortWords):
    """A label for marked passages, in place of the standard ones (`MarkLabel`)."""
