"""The API's list of studies."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codesign.accounts.api import ApiView
from codesign.accounts.rules import TokenScope
from codesign.studies import queries
from codesign.studies.permissions import LIST_OWN
from codesign.studies.serializers import StudySerializer

EXAMPLE = {
    "slug": "hard-days",
    "title": "Replies on hard days",
    "state": "open",
    "language": "en",
    "roles": ["panelist"],
    "cohort": "lived-experience",
}


class StudiesView(ApiView):
    """Studies that one takes part in."""

    permission = LIST_OWN
    scope = TokenScope.STUDY_READ

    @extend_schema(
        operation_id="studies_list",
        examples=[OpenApiExample("Answer", EXAMPLE, response_only=True)],
        responses=StudySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Every study of which the signed-in person is a member, oldest membership first."""
        memberships = queries.memberships(actor=self.actor)
        return Response(StudySerializer(memberships, many=True).data)
