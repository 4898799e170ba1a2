"""Least hourly pay that operators add to the norms that every installation knows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from codesign.shared.models import PublicModel, append_only


class PayFloor(PublicModel):
    """The least hourly pay by one norm, from a date on. A later date replaces an earlier one.

    `rules.floors.SEEDED` has those that every installation knows.
    """

    norm = models.CharField(max_length=100)
    country = models.CharField(
        max_length=2, blank=True, help_text="ISO 3166; empty for every country."
    )
    currency = models.CharField(max_length=3)
    minimum_minor = models.PositiveBigIntegerField(
        null=True, help_text="Minor units an hour. Lower rates are refused."
    )
    recommended_minor = models.PositiveBigIntegerField(
        null=True, help_text="Minor units an hour. Lower rates show a warning."
    )
    source = models.CharField(max_length=300)
    valid_from = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["norm", "country", "currency", "valid_from"], name="pay_floor_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(minimum_minor__gt=0) | Q(recommended_minor__gt=0),
                name="pay_floor_says_an_amount",
            ),
            models.CheckConstraint(
                condition=Q(minimum_minor=None)
                | Q(recommended_minor=None)
                | Q(recommended_minor__gte=F("minimum_minor")),
                name="pay_floor_recommends_at_least_the_minimum",
            ),
        ]
        triggers: ClassVar = append_only()
