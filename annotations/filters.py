"""Query parameters that filter the lists of the API: rounds, judgements, releases, retractions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy
from rest_framework import serializers

from annotations.rules.states import (
    ReleasePurpose,
    ReleaseState,
    RetractionCode,
    RoundKind,
    RoundState,
)
from annotations.rules.text_kinds import Category
from codesign.shared.query_parameters import NumberField, SinceFilter
from codesign.shared.serializers import OneOf

LARGEST_NUMBER = 999_999_999


class RoundFilter(SinceFilter):
    """Parameters of the list of rounds."""

    state = OneOf([str(one) for one in RoundState], required=False)
    kind = OneOf([str(one) for one in RoundKind], required=False)


class AboutPromptFilter(SinceFilter):
    """Parameters of lists whose entries belong to a prompt."""

    category = OneOf(
        [str(one) for one in Category], required=False, help_text="The category of the prompt."
    )
    topic = serializers.CharField(
        required=False, max_length=60, help_text="One of the prompt's topics, exactly as written."
    )
    round = serializers.UUIDField(required=False, help_text="Only entries of this round.")


class ReleaseFilter(SinceFilter):
    """Parameters of the list of dataset releases."""

    state = OneOf([str(one) for one in ReleaseState], required=False)
    purpose = OneOf([str(one) for one in ReleasePurpose], required=False)


class RetractionFilter(SinceFilter):
    """Parameters of the list of retractions."""

    release = NumberField(
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        help_text="The number of a release.",
        error_messages={"invalid": gettext_lazy("Use the number of a release, such as 1.")},
    )
    code = OneOf([str(one) for one in RetractionCode], required=False)
