"""Serializers of models. Judging roles have no access to them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from codesign.shared.serializers import OneOf, Shape, optional_text
from modelhub.models import ModelVersion
from modelhub.rules import registering
from modelhub.rules.states import Method, ModelKind, ModelState


class NamedModelSerializer(serializers.ModelSerializer[ModelVersion]):
    """The id and name of a model."""

    class Meta:
        model = ModelVersion
        fields = ("id", "name")
        read_only_fields = fields


class TrainedOnSerializer(Shape):
    """A dataset release."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()


class MadeBySerializer(Shape):
    """The training run that made a model."""

    id = serializers.UUIDField()
    method = serializers.ChoiceField([str(method) for method in Method])
    release = TrainedOnSerializer()


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model version, its parent, and the training run that made it."""

    study = serializers.SlugField(
        source="study.slug", default=None, allow_null=True, help_text="Null: shared by all studies."
    )
    kind = serializers.ChoiceField([str(kind) for kind in ModelKind])
    parent = NamedModelSerializer(allow_null=True)
    training_run = MadeBySerializer(allow_null=True)
    state = serializers.ChoiceField(
        [str(state) for state in ModelState], help_text="Only a ready model can be used."
    )
    facts = serializers.DictField(help_text="What the check of a registered model found.")

    class Meta:
        model = ModelVersion
        fields: tuple[str, ...] = (
            "id",
            "name",
            "kind",
            "study",
            "parent",
            "training_run",
            "state",
            "problem",
            "location",
            "revision",
            "served_name",
            "licence",
            "facts",
            "sha256",
            "created_at",
        )
        read_only_fields = fields


class RegistrationSerializer(Shape):
    """A model to register."""

    name = serializers.CharField(max_length=registering.MOST_NAME)
    kind = OneOf([str(kind) for kind in registering.CAN_REGISTER])
    location = serializers.CharField(
        max_length=registering.MOST_LOCATION,
        help_text="A folder or file, a Hub id, or a server's address, as the operator allows.",
    )
    revision = optional_text(
        max_length=registering.MOST_REVISION,
        help_text="Of a Hub model. Empty: main.",
    )
    base = optional_text(help_text="Name or id of the base of an adapter.")
    served_name = optional_text(
        max_length=registering.MOST_SERVED,
        help_text="The name by which a server knows the model.",
    )
    key_variable = optional_text(
        max_length=registering.MOST_KEY,
        help_text="Name of the environment variable with the server's key; never the key itself.",
    )
    licence = optional_text(
        max_length=registering.MOST_LICENCE,
        help_text="Empty: what the model's card says.",
    )


class AncestrySerializer(ModelSerializer):
    """A model version with all its ancestors."""

    lineage = serializers.SerializerMethodField(help_text="From the parent to the first ancestor.")

    class Meta(ModelSerializer.Meta):
        fields: tuple[str, ...] = (*ModelSerializer.Meta.fields, "lineage")
        read_only_fields = fields

    @extend_schema_field(NamedModelSerializer(many=True))
    def get_lineage(self, version: ModelVersion) -> list[dict[str, Any]]:
        """Return the lineage from the view's context."""
        return list(NamedModelSerializer(self.context["lineage"], many=True).data)
