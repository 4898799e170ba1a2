"""The topics of a study's prompts, and what each person wants of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from annotations.rules.topics import Choice
from codesign.shared.models import one_of
from codesign.studies.models import Member, Study

LONGEST_TOPIC = 60


class StudyTopic(models.Model):
    """A topic that some prompt of a study has. A trigger adds it with the first such prompt.

    So that whether a study has topics, and which, is known without reading every prompt.
    """

    id = models.BigAutoField(primary_key=True)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.CharField(max_length=LONGEST_TOPIC)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "topic"], name="study_topic_once")
        ]


class TopicChoice(models.Model):
    """What a member chose for a topic. Nobody else reads it, and they can change it."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.CharField(max_length=LONGEST_TOPIC)
    choice = models.CharField(max_length=5)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "topic"], name="topic_choice_once"),
            one_of("choice", Choice, "topic_choice_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["member"], condition=models.Q(choice=Choice.NEVER), name="topic_never"
            )
        ]
