"""API views to read and cancel imports that run in the background."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codesign.accounts.api import id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.serializers import refused
from codesign.studies.api import InStudyView
from modelhub.api import openapi_examples
from modelhub.models import Upload
from modelhub.permissions import IMPORT
from modelhub.queries import uploads as queries
from modelhub.serializers import prompts as serializers
from modelhub.services import uploads


class ImportView(InStudyView):
    """Base class of the views of imports."""

    permission = IMPORT
    scope = TokenScope.PROMPTS

    def upload(self, slug: str, import_id: str) -> Upload:
        """Return an import, after checking the permission in its study."""
        return queries.upload_in(study_id=self.study(slug).id, upload_id=id_of(import_id))


class OneImportView(ImportView):
    """One import."""

    @extend_schema(
        operation_id="imports_retrieve",
        examples=openapi_examples.ONE_IMPORT,
        responses={200: serializers.ImportSerializer},
    )
    def get(self, request: Request, slug: str, import_id: str) -> Response:
        """Return the progress of an import, its counts, and the errors by line."""
        return Response(serializers.ImportSerializer(self.upload(slug, import_id)).data)


class CancelImportView(ImportView):
    """Cancels an import."""

    @extend_schema(
        operation_id="imports_cancel",
        examples=openapi_examples.ONE_IMPORT,
        request=None,
        responses={200: serializers.ImportSerializer, **refused(409)},
    )
    def post(self, request: Request, slug: str, import_id: str) -> Response:
        """Cancel an import. It ends within seconds, and nothing is imported."""
        uploads.cancel(actor=self.actor, upload=self.upload(slug, import_id))
        return Response(serializers.ImportSerializer(self.upload(slug, import_id)).data)
