"""A study's rounds: which there are, what each cohort is asked, how far they are."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api import openapi_examples
from annotations.filters import RoundFilter
from annotations.permissions import LIST_ROUNDS
from annotations.queries import listing
from annotations.serializers import results as serializers
from codesign.accounts.api import id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.errors import NotFound
from codesign.shared.pagination import Pages
from codesign.studies.api import InStudyView


class RoundView(InStudyView):
    """What the views of rounds share."""

    permission = LIST_ROUNDS
    scope = TokenScope.STUDY_READ


class RoundsView(RoundView):
    """A study's rounds."""

    pagination_class = Pages
    parameters = {"GET": RoundFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="rounds_list",
        examples=openapi_examples.ONE_ROUND,
        responses={200: serializers.RoundSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every round, newest first."""
        found = listing.rounds(study_id=self.study(slug).id, asked=self.asked)
        return self.page(found, serializers.RoundSerializer)


class OneRoundView(RoundView):
    """One round."""

    @extend_schema(
        operation_id="rounds_retrieve",
        examples=openapi_examples.ONE_ROUND,
        responses={200: serializers.RoundSerializer},
    )
    def get(self, request: Request, slug: str, round_id: str) -> Response:
        """What each cohort is asked, and how far it is."""
        found = listing.rounds(study_id=self.study(slug).id, asked={})
        one = found.filter(id=id_of(round_id)).first()
        if one is None:
            raise NotFound("There is no such round in this study.")
        return Response(serializers.RoundSerializer(one).data)
