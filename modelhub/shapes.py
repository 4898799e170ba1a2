"""Parts of what the API answers with, for `serializers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from codesign.shared.serializers import Shape
from modelhub.rules.training import OF_ONE_BATCH


class TiedRowSerializer(Shape):
    """A row whose prompt would stay with others on one side of every split."""

    line = serializers.IntegerField(min_value=1)
    held_out = serializers.BooleanField(help_text="Whether the row itself is held out.")
    tied_to = serializers.IntegerField(help_text="Other prompts of its group.")
    made_held_out = serializers.IntegerField(
        help_text="Prompts of its group that would leave training, since one of it is held out."
    )


class ValidationSerializer(Shape):
    """What a model scored on records that it did not learn from."""

    records = serializers.IntegerField(help_text="Measured on: n of every score.")
    of = serializers.IntegerField(help_text="Usable records of the release's validation split.")
    scores = serializers.DictField(child=serializers.FloatField())


class MetricsSerializer(Shape):
    """How a run went; empty before its end. More numbers about time and memory may stand here."""

    steps = serializers.IntegerField(required=False)
    records = serializers.IntegerField(required=False, help_text="Trained on.")
    batch = serializers.IntegerField(required=False, help_text="Records of one step.")
    first_loss = serializers.FloatField(required=False, help_text="Of the first step alone.")
    last_loss = serializers.FloatField(required=False, help_text="Of the last step alone.")
    mean_loss = serializers.FloatField(required=False, help_text="Of all steps.")
    validation = ValidationSerializer(
        required=False,
        allow_null=True,
        help_text="Null where the release has no validation records that could be measured on.",
    )

    def to_representation(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        """As they were written, without those that earlier versions took from the last batch."""
        return {name: value for name, value in instance.items() if name not in OF_ONE_BATCH}


class RowProblemSerializer(Shape):
    """What was wrong with a row."""

    line = serializers.IntegerField(min_value=1)
    problem = serializers.CharField()


class LossSerializer(Shape):
    """A point of the loss curve."""

    step = serializers.IntegerField()
    loss = serializers.FloatField()


class TurnSerializer(Shape):
    """One turn of a prompt."""

    role = serializers.ChoiceField(["user", "assistant"])
    content = serializers.CharField()
