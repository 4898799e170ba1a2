"""The countries in which a study recruits, and the helplines that it has verified there."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from codesign.care.rules.helplines import CHECK_AGAIN_AFTER, LineKind
from codesign.shared.models import PublicModel, one_of
from codesign.studies.models import Member, Study

ISO_CODE = r"^[A-Z]{2}$"


class RecruitedCountry(PublicModel):
    """A country in which a study recruits people (ISO 3166, two letters)."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="recruited_countries")
    country_code = models.CharField(max_length=2)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "country_code"], name="recruited_country_once_per_study"
            ),
            models.CheckConstraint(
                condition=Q(country_code__regex=ISO_CODE), name="recruited_country_is_a_code"
            ),
        ]
        ordering: ClassVar = ["country_code"]


class HelplineQuerySet(models.QuerySet["Helpline"]):
    """Helplines, by when somebody verified them (decision 28)."""

    def verified(self) -> HelplineQuerySet:
        """Those that somebody has verified. Only these are shown to members."""
        return self.filter(verified_on__isnull=False)

    def crisis_lines(self) -> HelplineQuerySet:
        """Those for people in distress, without emergency numbers."""
        return self.filter(kind=LineKind.CRISIS)

    def due(self, today: date) -> HelplineQuerySet:
        """Those that were verified more than 90 days ago."""
        return self.filter(verified_on__lt=today - CHECK_AGAIN_AFTER)


class Helpline(PublicModel):
    """A line that people of a study can call, text or write to. It is shown once verified."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="helplines")
    country_code = models.CharField(max_length=2)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=80, blank=True)
    text_number = models.CharField(max_length=60, blank=True)
    url = models.CharField(max_length=300, blank=True)
    hours = models.CharField(max_length=120, blank=True)
    languages = ArrayField(models.CharField(max_length=12))
    source_url = models.CharField(max_length=500, help_text="Where the details were found.")
    verified_on = models.DateField(null=True)
    verified_by = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", help_text="Who verified it."
    )

    objects = HelplineQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            one_of("kind", LineKind, "helpline_kind_known"),
            models.UniqueConstraint(
                fields=["study", "country_code", "name"], name="helpline_name_once_per_country"
            ),
            models.CheckConstraint(
                condition=Q(country_code__regex=ISO_CODE), name="helpline_country_is_a_code"
            ),
            models.CheckConstraint(
                condition=~Q(phone="") | ~Q(text_number="") | ~Q(url=""),
                name="helpline_can_be_reached",
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | Q(verified_on__isnull=False),
                name="helpline_verified_on_a_day",
            ),
        ]
        ordering: ClassVar = ["country_code", "created_at", "id"]
