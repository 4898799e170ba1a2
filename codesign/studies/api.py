"""The API's list of studies, and the base class of views within a study."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codesign.accounts.api import ApiView
from codesign.accounts.rules import TokenScope
from codesign.studies import queries
from codesign.studies.models import Study
from codesign.studies.permissions import LIST_OWN, member_with
from codesign.studies.serializers import StudySerializer

EXAMPLE = {
    "slug": "hard-days",
    "title": "Replies on hard days",
    "state": "open",
    "language": "en",
    "roles": ["panelist"],
    "cohort": "lived-experience",
}


class InStudyView(ApiView):
    """A view of one study, whose slug is in the address."""

    def study(self, slug: str) -> Study:
        """Return the study if the actor holds the permission there. Raises Refusal."""
        return member_with(self.actor, self.permission, slug=slug).study


class StudiesView(ApiView):
    """The studies of the signed-in person."""

    permission = LIST_OWN
    scope = TokenScope.STUDY_READ

    @extend_schema(
        operation_id="studies_list",
        examples=[OpenApiExample("Answer", EXAMPLE, response_only=True)],
        responses=StudySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the studies of which the signed-in person is a member, oldest membership first."""
        memberships = queries.memberships(actor=self.actor)
        return Response(StudySerializer(memberships, many=True).data)
