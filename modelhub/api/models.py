"""API views of model versions with their lineage. Judging roles have no access."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codesign.accounts.api import ApiView, id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.pagination import Pages
from modelhub.api import openapi_examples
from modelhub.filters import ModelFilter
from modelhub.permissions import SEE_MODELS
from modelhub.queries import versions as queries
from modelhub.serializers import runs as serializers


class ModelView(ApiView):
    """Base class of the views of models."""

    permission = SEE_MODELS
    scope = TokenScope.MODELS


class ModelsView(ModelView):
    """The models that the caller may see."""

    pagination_class = Pages
    parameters = {"GET": ModelFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="models_list",
        examples=openapi_examples.MODELS,
        responses={200: serializers.ModelSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """List the models of your studies and the models shipped with Codesign, newest first."""
        versions = queries.versions_matching(actor=self.actor, asked=self.asked)
        return self.page(versions, serializers.ModelSerializer)


class OneModelView(ModelView):
    """One model."""

    @extend_schema(
        operation_id="models_retrieve",
        examples=openapi_examples.ONE_MODEL,
        responses={200: serializers.AncestrySerializer},
    )
    def get(self, request: Request, model_id: str) -> Response:
        """Return a model and all its ancestors."""
        version, lineage = queries.version_with_lineage(actor=self.actor, model_id=id_of(model_id))
        serializer = serializers.AncestrySerializer(version, context={"lineage": lineage})
        return Response(serializer.data)
