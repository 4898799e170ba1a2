"""What a person says about how they are, and how they work. They can change and delete all of it.

Moods and check-ins are as private as cases: the audit trail has none of them.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from codesign.care.rules.adjustments import LeaseTime, LeftOut
from codesign.care.rules.moods import Face, Moment
from codesign.shared.models import PublicModel, one_of
from codesign.studies.models import Member


class Mood(models.Model):
    """How a member said that they feel, at most once before and once after on one of their days."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(help_text="In the person's time zone.")
    moment = models.CharField(max_length=6)
    face = models.PositiveSmallIntegerField(null=True, help_text="Empty: asked, and passed.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["member", "day", "moment"], name="mood_once_a_day"),
            one_of("moment", Moment, "mood_moment_known"),
            models.CheckConstraint(
                condition=Q(face=None) | Q(face__in=Face.values), name="mood_face_known"
            ),
        ]


class CheckIn(PublicModel):
    """A mail that a person asked for, some days after a session. It is deleted once answered."""

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(sent_at=None), name="check_in_due")
        ]


class Adjustments(models.Model):
    """How a member works: what they leave out, and how long a text stays with them."""

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, primary_key=True, related_name="adjustments"
    )
    left_out = ArrayField(models.CharField(max_length=12), default=list)
    lease_times = models.PositiveSmallIntegerField(default=LeaseTime.USUAL)
    asks_mood = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(left_out__contained_by=LeftOut.values),
                name="adjustments_left_out_known",
            ),
            models.CheckConstraint(
                condition=Q(lease_times__in=LeaseTime.values), name="adjustments_lease_times_known"
            ),
        ]


class SupportedTime(models.Model):
    """A time in which a supporter was present while a member worked. Open as long as one is."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="supported_times", db_index=False
    )
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(ended_at=None), name="supported_time_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")),
                name="supported_time_in_order",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["member", "began_at"], name="supported_time")]
