"""By what the lists of the API can be narrowed: rounds, judgements, releases, retractions."""

from __future__ import annotations

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
    """Of rounds."""

    state = OneOf([str(one) for one in RoundState], required=False)
    kind = OneOf([str(one) for one in RoundKind], required=False)


class AboutPromptFilter(SinceFilter):
    """Of what belongs to a prompt."""

    category = OneOf([str(one) for one in Category], required=False, help_text="Of the prompt.")
    topic = serializers.CharField(
        required=False, max_length=60, help_text="One of the prompt's topics, as it is written."
    )
    round = serializers.UUIDField(required=False, help_text="Asked about in this round.")


class ReleaseFilter(SinceFilter):
    """Of dataset releases."""

    state = OneOf([str(one) for one in ReleaseState], required=False)
    purpose = OneOf([str(one) for one in ReleasePurpose], required=False)


class RetractionFilter(SinceFilter):
    """Of retractions."""

    release = NumberField(
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        help_text="Of the release with this number.",
        error_messages={"invalid": "Use the number of a release, such as 1."},
    )
    code = OneOf([str(one) for one in RetractionCode], required=False)
