"""API views of model versions with their lineage, and to register one.

Judging roles have no access.
"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codesign.accounts.api import ApiView, id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.pagination import Pages
from codesign.shared.serializers import refused
from codesign.studies.api import InStudyView
from modelhub.api import openapi_examples
from modelhub.filters import ModelFilter
from modelhub.permissions import REGISTER_MODEL, SEE_MODELS
from modelhub.queries import versions as queries
from modelhub.rules.registering import Registration
from modelhub.serializers import models as serializers
from modelhub.services import registering


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


class RegisterView(InStudyView):
    """Registers models of a study."""

    permission = REGISTER_MODEL
    scope = TokenScope.REGISTER

    @extend_schema(
        operation_id="models_register",
        examples=openapi_examples.REGISTER,
        request=serializers.RegistrationSerializer,
        responses={201: serializers.ModelSerializer, **refused(409)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Register a model, and queue its check. It can be used when its state is `ready`."""
        study = self.study(slug)
        wanted = self.sent(serializers.RegistrationSerializer)
        base = queries.chosen_base_for_adapter(study_id=study.id, wanted=wanted.pop("base"))
        version = registering.register_model(
            actor=self.actor, study=study, wanted=Registration(**wanted), base=base
        )
        return Response(serializers.ModelSerializer(version).data, status=201)
