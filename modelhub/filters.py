"""Filters of the API's lists: prompts, responses, judgements, models, runs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from annotations.filters import AboutPromptFilter
from annotations.rules.imported import MAX_SOURCE
from annotations.rules.states import InUse, RoundState
from annotations.rules.text_kinds import Origin
from codesign.shared.query_parameters import NumberField, SinceFilter
from codesign.shared.serializers import OneOf, Shape
from modelhub.rules.states import Method, ModelKind, ModelState, RunState, TrainingState

MODEL = "Name or id of a model"


class AboutModelFilter(AboutPromptFilter):
    """Filters of lists that relate to prompts and to models that answered them."""

    model = serializers.CharField(required=False, max_length=120, help_text=MODEL)


class PromptFilter(AboutModelFilter):
    """Filters of prompts."""

    language = serializers.CharField(required=False, max_length=12)
    intensity = NumberField(required=False, min_value=1, max_value=3)
    held_out = serializers.BooleanField(required=False)
    state = OneOf([str(one) for one in InUse], required=False)


class ResponseFilter(AboutModelFilter):
    """Filters of responses."""

    prompt = serializers.UUIDField(required=False)
    origin = OneOf([str(one) for one in Origin], required=False)
    state = OneOf([str(one) for one in InUse], required=False)


class JudgementFilter(AboutModelFilter):
    """Filters of judgements."""

    prompt = serializers.UUIDField(required=False)
    cohort = serializers.SlugField(required=False, max_length=50, help_text="Key of a cohort.")


class ImportParameters(Shape):
    """Options of an import."""

    skip_bad = serializers.BooleanField(
        default=False,
        help_text="Skip invalid rows and list them. Otherwise an invalid row stops the import.",
        error_messages={"invalid": _("Must be true or false.")},
    )
    check = serializers.BooleanField(
        default=False,
        help_text="Return what an import would do, and the split groups; nothing is imported.",
        error_messages={"invalid": _("Must be true or false.")},
    )

    map = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        default=list,
        max_length=20,
        help_text=(
            "`OURS=THEIRS`: the file's column for one of ours, such as `prompt=questionText`; "
            "`OURS=` leaves ours out. Can be repeated."
        ),
    )
    choose = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        default=list,
        max_length=20,
        help_text=(
            "`KIND=WHAT`: what is done with turns and texts of a kind, such as `system=refuse`. "
            "Can be repeated."
        ),
    )
    source = serializers.CharField(  # type: ignore[assignment]  # no attribute of the class
        required=False,
        default="",
        max_length=MAX_SOURCE,
        help_text=(
            "Where ranks, scores and spans were made, such as a data set and its version. "
            "Releases show it. Empty: the name of the format."
        ),
    )


class ModelFilter(SinceFilter):
    """Filters of models."""

    study = serializers.SlugField(required=False, max_length=50)
    kind = OneOf([str(one) for one in ModelKind], required=False)
    state = OneOf([str(one) for one in ModelState], required=False)


class GenerationFilter(SinceFilter):
    """Filters of generation runs."""

    state = OneOf([str(one) for one in RunState], required=False)
    model = serializers.CharField(required=False, max_length=120, help_text=MODEL)
    round = serializers.UUIDField(required=False)
    group = serializers.UUIDField(required=False)


class TrainingFilter(SinceFilter):
    """Filters of training runs."""

    study = serializers.SlugField(required=False, max_length=50, help_text="Short name of a study.")
    state = OneOf([str(one) for one in TrainingState], required=False)
    method = OneOf([str(one) for one in Method], required=False)
    model = serializers.CharField(
        required=False, max_length=120, help_text="Name or id of the model that it started from."
    )


class EvaluationFilter(SinceFilter):
    """Filters of evaluations."""

    state = OneOf(
        [str(one) for one in RoundState],
        required=False,
        help_text="State of the evaluation's round.",
    )
    model = serializers.CharField(
        required=False, max_length=120, help_text="Name or id of either of the two models."
    )
