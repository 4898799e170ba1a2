"""The topics of a study's prompts, and what a member chose for them."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import QuerySet

from annotations.models import Assignment, StudyTopic, TopicChoice
from annotations.rules.topics import Choice
from codesign.shared.actors import Actor
from codesign.studies.models import Member


def topics_of(*, study_id: uuid.UUID) -> QuerySet[StudyTopic]:
    """Return the topics of a study's prompts, in alphabetical order."""
    return StudyTopic.objects.filter(study_id=study_id).order_by("topic")


def choices_of(*, actor: Actor, member: Member) -> dict[str, Choice]:
    """Return topic → choice, for every topic that the actor has chosen something for."""
    if member.user_id != actor.user_id:
        return {}
    chosen = TopicChoice.objects.filter(member=member).values_list("topic", "choice")
    return {topic: Choice(choice) for topic, choice in chosen}


def asked_about(*, actor: Actor, member: Member, topics: Collection[str]) -> list[str]:
    """Return those of a text's topics about which the actor wants to be asked first."""
    choices = choices_of(actor=actor, member=member) if topics else {}
    return [topic for topic in topics if choices.get(topic) == Choice.ASK]


def unwanted(*, actor: Actor, member: Member) -> frozenset[str]:
    """Return the topics that the actor never wants to see, or wants to be asked about first.

    No query for staff, who choose none.
    """
    choices = choices_of(actor=actor, member=member) if member.judges else {}
    return frozenset(topic for topic, choice in choices.items() if choice != Choice.FINE)


def is_new(member: Member) -> bool:
    """Return whether a member has had no text and chosen no topics, though there are some."""
    return not (
        Assignment.objects.filter(member=member).exists()
        or TopicChoice.objects.filter(member=member).exists()
        or not StudyTopic.objects.filter(study_id=member.study_id).exists()
    )
