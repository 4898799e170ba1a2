"""Judgements that came with an import."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from annotations.models.prompts import Response
from annotations.rules.imported import MAX_CRITERION, MAX_SOURCE, MAX_VALUE, ImportedKind
from codesign.shared.models import append_only, one_of
from codesign.studies.models import Study

IS_RANK = Q(kind=str(ImportedKind.RANK))
IS_LABEL = Q(kind=str(ImportedKind.LABEL))
IS_SPAN = Q(kind=str(ImportedKind.SPAN))
WITH_PLACES = Q(start__isnull=False, end__isnull=False, start__lt=F("end"))


class ImportedJudgement(models.Model):
    """A rank, score, label or span of a response that was made elsewhere and came with an import.

    It has a table of its own, so that no query for the work of members counts it in pay, progress,
    agreement or consent (decision 43).
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, related_name="imported_judgements", db_index=False
    )
    source = models.CharField(max_length=MAX_SOURCE, help_text="Where it was made, in words.")
    rater = models.PositiveSmallIntegerField(
        help_text="Which of several annotators of the source; a number, never a name."
    )
    kind = models.CharField(max_length=5)
    criterion = models.CharField(
        max_length=MAX_CRITERION,
        blank=True,
        help_text="Of a rank or score; the question of a label; the label of a span.",
    )
    label = models.CharField(
        max_length=MAX_CRITERION, blank=True, help_text="What was chosen, of a label alone."
    )
    value = models.FloatField(help_text="Place (1 is best), score, or 1 for a label or span.")
    start = models.PositiveIntegerField(null=True, help_text="In code points of the response.")
    end = models.PositiveIntegerField(null=True, help_text="The code point after the last one.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=[
                    *("response", "source", "rater", "kind", "criterion", "label", "start", "end")
                ],
                nulls_distinct=False,
                name="imported_judgement_once",
            ),
            one_of("kind", ImportedKind, "imported_judgement_kind_known"),
            models.CheckConstraint(condition=~Q(source=""), name="imported_judgement_has_source"),
            models.CheckConstraint(
                condition=Q(value__gte=-MAX_VALUE, value__lte=MAX_VALUE)
                & (~IS_RANK | Q(value__gte=1)),
                name="imported_judgement_value_in_range",
            ),
            models.CheckConstraint(
                condition=(IS_SPAN & WITH_PLACES) | (~IS_SPAN & Q(start=None, end=None)),
                name="imported_judgement_spans_have_places",
            ),
            models.CheckConstraint(
                condition=(IS_LABEL & ~Q(label="")) | (~IS_LABEL & Q(label="")),
                name="imported_judgement_labels_say_something",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["study", "response"], name="imported_by_study"),
        ]
        triggers: ClassVar = append_only()
