"""Daily limits of load: a study's, and a person's own below it (`rules.load`)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from annotations.rules.load import LEAST_MINUTES, MOST_MINUTES
from codesign.studies.models import Member, Study

SENSIBLE = Q(minutes__gte=LEAST_MINUTES, minutes__lte=MOST_MINUTES)


class StudyLimit(models.Model):
    """The daily limit of everybody in a study."""

    study = models.OneToOneField(
        Study, on_delete=models.PROTECT, primary_key=True, related_name="daily_limit"
    )
    minutes = models.PositiveSmallIntegerField(help_text="Of the heaviest texts.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=SENSIBLE, name="study_limit_sensible")
        ]


class OwnLimit(models.Model):
    """A member's own daily limit, which counts if it is lower than the study's."""

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, primary_key=True, related_name="daily_limit"
    )
    minutes = models.PositiveSmallIntegerField(help_text="Of the heaviest texts.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=SENSIBLE, name="own_limit_sensible")
        ]
