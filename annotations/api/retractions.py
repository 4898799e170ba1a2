"""What has to be dropped from earlier releases, as a feed."""

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
    """Oldest first: a program that keeps its last page finds what came since behind it."""

    ordering = ("created_at", "id")


class RetractionsView(InStudyView):
    """A study's retraction list."""

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
        """What to drop from earlier releases after withdrawals, oldest first.

        It names records by the ids that the release itself gave them, and nobody. Each entry is
        signed: keep it, and check it with the public key in the `manifest.json` of its release.
        """
        study = self.study(slug)
        return self.page(
            queries.retractions_of(study=study, asked=self.asked),
            serializers.SignedRetractionSerializer,
            lambda rows: queries.entries_of(study=study, retractions=rows),
        )


class SigningKeyView(InStudyView):
    """With which key a study's retraction list is checked."""

    permission = SEE_RELEASES
    scope = TokenScope.RELEASES

    @extend_schema(
        operation_id="retractions_key",
        examples=openapi_examples.SIGNING_KEY,
        responses={200: serializers.SigningKeySerializer},
    )
    def get(self, request: Request, slug: str) -> Response:
        """The public key of the study's retraction list, as a JSON Web Key.

        It is also in the `manifest.json` of each release, and stays the same.
        """
        study = self.study(slug)
        return Response(queries.signer_of(study).public_key())
