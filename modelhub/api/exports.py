"""API views to download trained models."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from codesign.accounts.api import id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.downloads import tar_response
from codesign.shared.serializers import refused
from modelhub.api.models import ModelView
from modelhub.permissions import EXPORT
from modelhub.queries import versions as queries
from modelhub.services import exporting


class ModelPackageView(ModelView):
    """The files of a trained model."""

    permission = EXPORT
    scope = TokenScope.EXPORT

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Return the archive, whatever the Accept header says."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="models_download",
        responses={
            (200, "application/x-tar"): OpenApiTypes.BINARY,
            **refused(409, 410),
        },
    )
    def get(self, request: Request, model_id: str) -> HttpResponseBase:
        """Download a trained adapter with its tokenizer, model card, lineage and licence.

        The archive has one folder. `adapter_config.json` names a base model that others can get.
        """
        version, _lineage = queries.version_with_lineage(actor=self.actor, model_id=id_of(model_id))
        package = exporting.open_package(
            actor=self.actor, version=version, taken=request.method == "GET"
        )
        return tar_response(package.name, package.files)
