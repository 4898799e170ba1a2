"""API of a person's own judgements: read them, and correct one."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api import openapi_examples
from annotations.api.assignments import JudgingView
from annotations.contract.submission import Submission
from annotations.contract.unchecked import UncheckedSubmission
from annotations.permissions import SEE_OWN
from annotations.queries import own_judgements as queries
from annotations.queries.own_texts import own_words
from annotations.rules.own_texts import Source
from annotations.serializers import own_judgements as serializers
from annotations.services import corrections
from codesign.accounts.api import body_of, id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.errors import NotFound
from codesign.shared.pagination import Pages
from codesign.shared.query_parameters import SinceFilter
from codesign.shared.serializers import refused
from codesign.studies.api import InStudyView

REVISION = OpenApiParameter(
    "revision",
    OpenApiTypes.INT,
    OpenApiParameter.PATH,
    description="One more than the revision that you read.",
)


def _number(revision: str) -> int:
    """Return the number of a revision from an address. Raises NotFound if it is none."""
    if not (revision.isascii() and revision.isdigit() and len(revision) < 6):
        raise NotFound
    return int(revision)


class NewestFirst(Pages):
    """Newest first."""

    ordering = queries.NEWEST


class OwnJudgementsView(InStudyView):
    """What the actor judged and skipped in a study."""

    permission = SEE_OWN
    scope = TokenScope.JUDGE
    pagination_class = NewestFirst
    parameters = {"GET": SinceFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="own_judgements_list",
        examples=openapi_examples.OWN_JUDGEMENTS,
        responses={200: serializers.OwnWorkSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List what you judged and skipped in a study, newest first, with what it earned."""
        finished = queries.finished_in(
            actor=self.actor, study=self.study(slug), since=self.asked.get("since")
        )
        return self.page(
            finished,
            serializers.OwnWorkSerializer,
            lambda rows: queries.works_of(actor=self.actor, assignments=rows),
        )


class OwnJudgementView(JudgingView):
    """One judgement of the actor."""

    @extend_schema(
        operation_id="own_judgements_retrieve",
        examples=openapi_examples.OWN_JUDGEMENT,
        responses={200: serializers.OwnJudgementSerializer},
    )
    def get(self, request: Request, assignment_id: str) -> Response:
        """Return what you judged, your latest answers, and whether you can correct them."""
        own = queries.own_judgement(actor=self.actor, assignment_id=id_of(assignment_id))
        return Response(serializers.OwnJudgementSerializer(own, context={"actor": self.actor}).data)


class CorrectionView(JudgingView):
    """Correcting a judgement."""

    @extend_schema(
        operation_id="own_judgements_correct",
        examples=openapi_examples.CORRECT,
        parameters=[REVISION],
        request=Submission,
        responses={200: serializers.CorrectedSerializer, **refused(409)},
    )
    def put(self, request: Request, assignment_id: str, revision: str) -> Response:
        """Send complete answers that replace the ones that you sent before.

        Nothing is paid again and nothing is taken back. Sending the same answers as the same
        revision again changes nothing. The answer is 409 if this revision exists with other
        answers, or if a data set may contain the judgement. `active_seconds` is not used.
        """
        sent = UncheckedSubmission(body_of(request))
        corrected = corrections.correct(
            actor=self.actor,
            assignment_id=id_of(assignment_id),
            revision=_number(revision),
            sent=sent,
        )
        answer = {
            "judgement": str(corrected.judgement.id),
            "revision": corrected.judgement.revision,
            "kept_flags": len(corrected.kept),
        }
        return Response(
            answer
            | self.support(
                own_words(assignment=corrected.judgement.assignment, sent=sent),
                assignment_id,
                source=Source.JUDGEMENT,
                about=queries.revisions_of(actor=self.actor, assignment_id=id_of(assignment_id)),
            )
        )
