"""What a person can change about how they work in a study (standards 5.7)."""

from __future__ import annotations

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class LeftOut(TextChoices):
    """Kinds of answers that a person need not give. Their values are those of the asks."""

    RANKING = "ranking", _("Comparing replies")
    REWRITE = "rewrite", _("Writing my own version of a reply")
    HIGHLIGHT = "highlight", _("Marking passages")


class LeaseTime(IntegerChoices):
    """How many times as long as usual a text stays with a person."""

    USUAL = 1, _("The usual time")
    DOUBLE = 2, _("Twice as long")
    LONG = 12, _("Twelve times as long, about a day")
