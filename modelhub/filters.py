"""By what the lists of the API can be narrowed: prompts, responses, judgements, models, runs."""

from __future__ import annotations

from rest_framework import serializers

from annotations.filters import AboutPromptFilter
from annotations.rules.states import InUse, RoundState
from annotations.rules.text_kinds import Origin
from codesign.shared.query_parameters import NumberField, SinceFilter
from codesign.shared.serializers import OneOf, Shape
from modelhub.rules.states import Method, ModelKind, RunState, TrainingState

MODEL = "Name or id of a model."


class AboutModelFilter(AboutPromptFilter):
    """Of what belongs to a prompt and to the models that answered it."""

    model = serializers.CharField(required=False, max_length=120, help_text=MODEL)


class PromptFilter(AboutModelFilter):
    """Of prompts."""

    language = serializers.CharField(required=False, max_length=12)
    intensity = NumberField(required=False, min_value=1, max_value=3)
    held_out = serializers.BooleanField(required=False)
    state = OneOf([str(one) for one in InUse], required=False)


class ResponseFilter(AboutModelFilter):
    """Of responses."""

    prompt = serializers.UUIDField(required=False)
    origin = OneOf([str(one) for one in Origin], required=False)
    state = OneOf([str(one) for one in InUse], required=False)


class JudgementFilter(AboutModelFilter):
    """Of judgements."""

    prompt = serializers.UUIDField(required=False)
    cohort = serializers.SlugField(required=False, max_length=50, help_text="Key of a cohort.")


class ImportParameters(Shape):
    """How rows come in."""

    skip_bad = serializers.BooleanField(
        default=False,
        help_text="Leave out rows that are not valid and list them, instead of taking none.",
        error_messages={"invalid": "Use true or false."},
    )
    check = serializers.BooleanField(
        default=False,
        help_text="Say what would come of it, and which prompts it would tie; nothing is written.",
        error_messages={"invalid": "Use true or false."},
    )


class ModelFilter(SinceFilter):
    """Of models."""

    study = serializers.SlugField(required=False, max_length=50)
    kind = OneOf([str(one) for one in ModelKind], required=False)


class GenerationFilter(SinceFilter):
    """Of generation runs."""

    state = OneOf([str(one) for one in RunState], required=False)
    model = serializers.CharField(required=False, max_length=120, help_text=MODEL)
    round = serializers.UUIDField(required=False)


class TrainingFilter(SinceFilter):
    """Of training runs."""

    study = serializers.SlugField(required=False, max_length=50, help_text="Of this study alone.")
    state = OneOf([str(one) for one in TrainingState], required=False)
    method = OneOf([str(one) for one in Method], required=False)
    model = serializers.CharField(
        required=False, max_length=120, help_text="Name or id of the model that it started from."
    )


class EvaluationFilter(SinceFilter):
    """Of evaluations."""

    state = OneOf([str(one) for one in RoundState], required=False, help_text="Of its round.")
    model = serializers.CharField(
        required=False, max_length=120, help_text="Name or id of either of the two models."
    )
