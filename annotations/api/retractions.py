"""API of the retraction list: records to delete from earlier releases."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api import openapi_examples
from annotations.filters import RetractionFilter
from annotations.permissions import SEE_RELEASES
from annotations.queries import retractions as queries
from annotations.serializers import releases as serializers
from codesign.accounts.rules import TokenScope
from codesign.shared.pagination import Pages
from codesign.studies.api import InStudyView


class FeedPages(Pages):
    """Oldest first, so that a program can continue from its last page."""

    ordering = ("created_at", "id")


class RetractionsView(InStudyView):
    """The retraction list of a study."""

    permission = SEE_RELEASES
    scope = TokenScope.RELEASES
    pagination_class = FeedPages
    parameters = {"GET": RetractionFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="retractions_list",
        examples=openapi_examples.RETRACTIONS,
        responses={200: serializers.SignedRetractionSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the records to delete from earlier releases after withdrawals, oldest first.

        Entries name records by their ids in the release, and no people. Each entry is signed: keep
        it, and verify it with the public key in the `manifest.json` of its release.
        """
        study = self.study(slug)
        return self.page(
            queries.retractions_of(study=study, asked=self.asked),
            serializers.SignedRetractionSerializer,
            lambda rows: queries.entries_of(study=study, retractions=rows),
        )


class SigningKeyView(InStudyView):
    """The key to verify a study's retraction list."""

    permission = SEE_RELEASES
    scope = TokenScope.RELEASES

    @extend_schema(
        operation_id="retractions_key",
        examples=openapi_examples.SIGNING_KEY,
        responses={200: serializers.SigningKeySerializer},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Return the public key of the study's retraction list, as a JSON Web Key.

        It never changes, and it is also in the `manifest.json` of each release.
        """
        study = self.study(slug)
        return Response(queries.signer_of(study).public_key())
