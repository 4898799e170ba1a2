"""Prompts and responses."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from annotations.models.querysets import PromptQuerySet, ResponseQuerySet
from annotations.rules.split_groups import Why
from annotations.rules.text_kinds import Category, Origin, TextCheck
from codesign.shared.models import PublicModel, Refusal, counting, one_of, write_once
from codesign.studies.models import Study

KEEP_TOPICS = """
    INSERT INTO annotations_studytopic (study_id, topic)
    SELECT DISTINCT study_id, unnest(topics) FROM made ORDER BY 1, 2
    ON CONFLICT (study_id, topic) DO NOTHING;
    RETURN NULL;
"""
"""Keeps the topics of new prompts (`StudyTopic`). Topics of a prompt never change."""
NOT_CLEAR = ~Q(text_check=TextCheck.CLEAR)
"""Texts to check, or in which personal data was found. They are few, so they have an index."""


class Prompt(PublicModel):
    """What a model answers: one turn or a whole conversation."""

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="prompts", db_index=False
    )
    external_id = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    messages = models.JSONField(help_text='[{"role","content"}], never a system message.')
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of the normalised text.")
    category = models.CharField(max_length=12)
    topics = ArrayField(models.CharField(max_length=60), default=list)
    intensity = models.PositiveSmallIntegerField(default=1, help_text="1 light, 2, 3 heavy")
    language = models.CharField(max_length=12, default="en")
    held_out = models.BooleanField(default=False, help_text="For evaluation rounds alone.")
    family = models.CharField(max_length=120, blank=True, help_text="Counterfactual family.")
    split_group = models.UUIDField(
        help_text="Prompts that must stay on one side of any split share it."
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    text_check = models.CharField(
        max_length=10, default=TextCheck.UNCHECKED, db_default=TextCheck.UNCHECKED
    )

    objects = PromptQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "external_id"], name="prompt_external_id"),
            one_of("text_check", TextCheck, "prompt_text_check_known"),
            one_of("category", Category, "prompt_category_known"),
            models.CheckConstraint(
                condition=Q(intensity__gte=1, intensity__lte=3), name="prompt_intensity_1_to_3"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["study", "family"], condition=~Q(family=""), name="prompt_by_family"
            ),
            models.Index(fields=["study", "id"], condition=NOT_CLEAR, name="prompt_not_clear"),
            models.Index(
                fields=["study", "split_group"], include=["held_out"], name="prompt_by_split_group"
            ),
        ]
        triggers: ClassVar = [
            *write_once("study_id", "external_id", "version", "messages", "content_hash", "topics"),
            counting(name="topics", func=KEEP_TOPICS),
        ]


class MinhashBucket(models.Model):
    """MinHash keys of prompts of a study, to find prompts that belong in one split group.

    An import writes at most a few rows to each bucket. `rules.minhash_buckets` describes the keys.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    bucket = models.PositiveSmallIntegerField()
    intake = models.UUIDField(help_text="Which import wrote it.")
    keys = models.BinaryField(help_text="64 bits each, little-endian.")
    prompts = models.BinaryField(help_text="Ids of the prompts, 16 bytes each, in that order.")

    class Meta:
        db_table = "annotations_sketchbucket"  # as it was first called
        indexes: ClassVar = [models.Index(fields=["study", "bucket"], name="sketch_bucket")]
        triggers: ClassVar = [
            # Rows are deleted when the groups of a study are computed again.
            Refusal(name="no_update", operation=pgtrigger.Update)
        ]


class SplitGroupReason(models.Model):
    """Why prompts are in one split group, besides identical texts. A reason may repeat."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    split_group = models.UUIDField()
    reason = models.CharField(max_length=9)

    class Meta:
        db_table = "annotations_tiereason"  # as it was first called
        constraints: ClassVar = [one_of("reason", Why, "tie_reason_known")]
        indexes: ClassVar = [
            models.Index(fields=["study", "split_group"], name="tie_reason_by_group")
        ]


class Response(PublicModel):
    """An answer to a prompt. Only `modelhub` knows who wrote it, through `source`."""

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="responses")
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    origin = models.CharField(max_length=10)
    language = models.CharField(max_length=12, default="en")
    source = models.UUIDField(help_text="Opaque; never serialised.")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    text_check = models.CharField(
        max_length=10, default=TextCheck.UNCHECKED, db_default=TextCheck.UNCHECKED
    )

    objects = ResponseQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["text_hash"], name="response_by_text"),
            models.Index(fields=["prompt", "id"], condition=NOT_CLEAR, name="response_not_clear"),
        ]
        constraints: ClassVar = [
            one_of("origin", Origin, "response_origin_known"),
            one_of("text_check", TextCheck, "response_text_check_known"),
        ]
        triggers: ClassVar = write_once("prompt_id", "text", "text_hash", "origin", "source")


class UngroupedResponse(models.Model):
    """A response whose prompt is still to be tied to others that got the very same text."""

    response = models.OneToOneField(
        Response, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "annotations_untiedresponse"  # as it was first called
