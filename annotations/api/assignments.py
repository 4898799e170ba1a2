"""The API of judging; the same services as the pages, in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api import openapi_examples
from annotations.contract.draft import SubmissionDraft
from annotations.contract.skip import Skip
from annotations.contract.submission import Submission
from annotations.contract.unchecked import UncheckedSubmission
from annotations.models import Assignment
from annotations.permissions import JUDGE, JUDGE_OWN
from annotations.queries import assignments as queries
from annotations.rules.own_texts import needs_support
from annotations.serializers import judging as serializers
from annotations.services import assignments, submissions
from codesign.accounts.api import ApiView, body_of, id_of
from codesign.accounts.rules import Rate, TokenScope
from codesign.care import queries as care
from codesign.care.queries import SUPPORT
from codesign.shared.serializers import refused

KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Sending the same body again with the same key stores nothing twice.",
)


class JudgingView(ApiView):
    """What the views of judging share."""

    permission = JUDGE_OWN
    scope = TokenScope.JUDGE
    rate = Rate.JUDGING
    max_body = 800_000
    """Bytes: four rewrites of the longest that may be, in any writing, and as many comments."""

    def shown(self, assignment: Assignment | None) -> queries.ShownAssignment | None:
        """The assignment as its person may see it; from now on it counts as shown."""
        if assignment is None:
            return None
        assignments.mark_shown(actor=self.actor, assignment=assignment)
        return queries.shown(actor=self.actor, assignment=assignment)

    def support(self, texts: Iterable[str], assignment_id: str) -> dict[str, Any]:
        """Help to show with the answer, where what was sent asks for it; else no key more."""
        if not needs_support(texts):
            return {}
        keys = list(serializers.LineSerializer().get_fields())
        countries = care.countries_for(language=self.request.user.language)  # type: ignore[union-attr]
        lines = [{key: line[key] for key in keys} for _, lines in countries for line in lines]
        slug = queries.slug_of(actor=self.actor, assignment_id=id_of(assignment_id))
        addresses = {
            "help": reverse("care:help"),
            "own_texts": reverse("annotations:own-texts", kwargs={"slug": slug}),
        }
        return {"support": {"says": str(SUPPORT), "lines": lines, **addresses}}


class LeaseView(JudgingView):
    """The next assignment."""

    permission = JUDGE

    @extend_schema(
        operation_id="assignments_lease",
        examples=openapi_examples.LEASED,
        request=None,
        responses={
            200: serializers.AssignmentSerializer,
            201: serializers.AssignmentSerializer,
            204: OpenApiResponse(description="Nothing for you now."),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Lease the next assignment (201), or get the one that is held (200)."""
        lease = assignments.lease(actor=self.actor, slug=slug)
        if lease.assignment is None:
            return Response(status=204)
        return Response(self.shown(lease.assignment), status=201 if lease.created else 200)


class AssignmentView(JudgingView):
    """One's own assignment."""

    @extend_schema(
        operation_id="assignments_retrieve",
        examples=openapi_examples.READ,
        responses={200: serializers.AssignmentSerializer},
    )
    def get(self, request: Request, assignment_id: str) -> Response:
        """The assignment, with its draft."""
        found = queries.own(actor=self.actor, assignment_id=id_of(assignment_id))
        return Response(self.shown(found))


class DraftView(JudgingView):
    """What somebody has so far."""

    @extend_schema(
        operation_id="assignments_save_draft",
        examples=openapi_examples.DRAFT,
        request=SubmissionDraft,
        responses={200: serializers.DraftSerializer, **refused(409)},
    )
    def put(self, request: Request, assignment_id: str) -> Response:
        """Keep any part of a submission; it replaces the draft that was kept before."""
        kept = submissions.save_draft(
            actor=self.actor,
            assignment_id=id_of(assignment_id),
            sent=UncheckedSubmission(body_of(request)),
        )
        return Response({"draft": kept.draft, "saved_at": kept.draft_saved_at})


class SkipView(JudgingView):
    """Passing on an assignment."""

    @extend_schema(
        operation_id="assignments_skip",
        examples=openapi_examples.SKIP,
        request=Skip,
        responses={200: serializers.NextSerializer, **refused(409)},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Skip it for good; paid, but for a second “not today” of a day.

        After five skips in a row `next` is null, so that a break can be offered; leasing gives
        the next one all the same.
        """
        body = body_of(request)
        skip = Skip.read(reason=body.get("reason"), note=body.get("note"))
        skipped = submissions.skip(actor=self.actor, assignment_id=id_of(assignment_id), skip=skip)
        answer = {"next": self.shown(skipped.next), "pay_held": skipped.held}
        return Response(answer | self.support([skip.note], assignment_id))


class StopView(JudgingView):
    """Stopping for now."""

    @extend_schema(
        operation_id="assignments_stop",
        request=None,
        responses={204: OpenApiResponse(description="Given back; its draft is kept.")},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Give it back for others at once; the draft stays with its person.

        If its draft holds answers and it is still free, leasing again gives it first. Otherwise a
        lease lasts until `expires_at`. Repeating it changes nothing.
        """
        assignments.stop(actor=self.actor, assignment_id=id_of(assignment_id))
        return Response(status=204)


class SubmissionView(JudgingView):
    """Sending a judgement."""

    @extend_schema(
        operation_id="assignments_submit",
        examples=openapi_examples.SUBMIT,
        parameters=[KEY],
        request=Submission,
        responses={201: serializers.SubmittedSerializer, **refused(409)},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Store the judgement, credit it, and lease the next assignment.

        Work that comes in much faster than promised is stored and answered just the same; its pay
        is credited once a coordinator has looked at it.
        """
        sent = UncheckedSubmission(body_of(request))
        submitted = submissions.submit(
            actor=self.actor,
            assignment_id=id_of(assignment_id),
            sent=sent,
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        answer = {
            "judgement": str(submitted.judgement.id),
            "next": self.shown(submitted.next),
            "pay_held": submitted.held,
        }
        return Response(answer | self.support(sent.free_texts(), assignment_id), status=201)
