"""API of rounds."""

from __future__ import annotations

from django.utils.translation import gettext as _
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
    """Base of the views of rounds."""

    permission = LIST_ROUNDS
    scope = TokenScope.STUDY_READ


class RoundsView(RoundView):
    """The rounds of a study."""

    pagination_class = Pages
    parameters = {"GET": RoundFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="rounds_list",
        examples=openapi_examples.ONE_ROUND,
        responses={200: serializers.RoundSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List all rounds, newest first."""
        rounds = listing.rounds(study_id=self.study(slug).id, asked=self.asked)
        return self.page(rounds, serializers.RoundSerializer)


class OneRoundView(RoundView):
    """One round."""

    @extend_schema(
        operation_id="rounds_retrieve",
        examples=openapi_examples.ONE_ROUND,
        responses={200: serializers.RoundSerializer},
    )
    def get(self, request: Request, slug: str, round_id: str) -> Response:
        """Return a round: what each cohort is asked, and its progress."""
        rounds = listing.rounds(study_id=self.study(slug).id, asked={})
        round = rounds.filter(id=id_of(round_id)).first()
        if round is None:
            raise NotFound(_("This study has no such round."))
        return Response(serializers.RoundSerializer(round).data)
