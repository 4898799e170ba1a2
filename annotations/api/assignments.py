"""API of judging, with the same services and error messages as the pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

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
from annotations.queries import special_items
from annotations.queries.own_texts import own_words
from annotations.queries.shown import ShownAssignment
from annotations.rules.own_texts import Source, needs_support
from annotations.serializers import judging as serializers
from annotations.services import assignments, putting_off, submissions
from codesign.accounts.api import ApiView, body_of, id_of
from codesign.accounts.queries import chosen_language
from codesign.accounts.rules import Rate, TokenScope
from codesign.care.queries import cases as care_cases
from codesign.care.queries.help_page import SUPPORT, countries_for
from codesign.shared.serializers import refused

KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Sending the same body again with the same key stores nothing twice.",
)


class JudgingView(ApiView):
    """Base of the views of judging."""

    permission = JUDGE_OWN
    scope = TokenScope.JUDGE
    rate = Rate.JUDGING
    max_body = 800_000
    """Bytes: four rewrites of the maximum length in any script, or six as long as a page takes."""

    def shown(self, assignment: Assignment | None) -> ShownAssignment | None:
        """Return the assignment as its member sees it, and record that its text was shown."""
        if assignment is None:
            return None
        assignments.mark_shown(actor=self.actor, assignment=assignment)
        return queries.shown(actor=self.actor, assignment=assignment)

    def support(
        self, texts: Iterable[str], assignment_id: str, *, source: Source, about: Iterable[UUID]
    ) -> dict[str, Any]:
        """Return the key `support` if a text needs it, otherwise no keys.

        `about` is what the texts were sent with: nothing if they were only saved.
        """
        if not needs_support(texts):
            return {}
        language = chosen_language(self.request.user)
        keys = set(serializers.LineSerializer().get_fields()) - {"country"}
        lines = [
            {"country": country.name} | {key: getattr(line, key) for key in keys}
            for country in countries_for(actor=self.actor, language=language)
            for line in country.lines
        ]
        slug = queries.slug_of(actor=self.actor, assignment_id=id_of(assignment_id))
        case = care_cases.own_case_about(actor=self.actor, about_kind=source, about=about)
        addresses = {
            "help": reverse("care:help"),
            "own_texts": reverse("annotations:own-texts", kwargs={"slug": slug}),
        }
        if case:
            keys_of_case = {"slug": slug, "case_id": case.id}
            addresses["question"] = reverse("care:own-case", kwargs=keys_of_case)
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
            204: OpenApiResponse(description="No task is available now."),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Lease the next assignment (201), or get the one that is held (200).

        Nothing is leased once the daily limit is reached, with topics that the person never wants
        to see, or while only texts of the highest intensity wait directly after another one.
        """
        lease = assignments.lease(actor=self.actor, slug=slug)
        if lease.assignment is None:
            return Response(status=204)
        return Response(self.shown(lease.assignment), status=201 if lease.created else 200)


class AssignmentView(JudgingView):
    """The actor's own assignment."""

    @extend_schema(
        operation_id="assignments_retrieve",
        examples=openapi_examples.READ,
        responses={200: serializers.AssignmentSerializer},
    )
    def get(self, request: Request, assignment_id: str) -> Response:
        """Return the assignment, with its draft."""
        assignment = queries.own(actor=self.actor, assignment_id=id_of(assignment_id))
        return Response(self.shown(assignment))


class OpenView(JudgingView):
    """Opening a covered text."""

    @extend_schema(
        operation_id="assignments_open",
        examples=openapi_examples.READ,
        request=None,
        responses={200: serializers.AssignmentSerializer},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Record that the person has seen the content note and wants to read the text.

        While an assignment is `covered`, show only the topics and the intensity of its prompt, and
        let the person choose: open, skip, later or stop. Reading time begins with this call.
        """
        assignment = queries.own(actor=self.actor, assignment_id=id_of(assignment_id))
        assignments.open_text(actor=self.actor, assignment=assignment)
        return Response(self.shown(assignment))


class DraftView(JudgingView):
    """The draft of an assignment."""

    @extend_schema(
        operation_id="assignments_save_draft",
        examples=openapi_examples.DRAFT,
        request=SubmissionDraft,
        responses={200: serializers.DraftSerializer, **refused(409)},
    )
    def put(self, request: Request, assignment_id: str) -> Response:
        """Save any part of a submission. It replaces the earlier draft."""
        sent = UncheckedSubmission(body_of(request))
        kept = submissions.save_draft(
            actor=self.actor, assignment_id=id_of(assignment_id), sent=sent
        )
        return Response(
            {"draft": kept.draft, "saved_at": kept.draft_saved_at}
            | self.support(
                own_words(assignment=kept, sent=sent),
                assignment_id,
                source=Source.JUDGEMENT,
                about=(),
            )
        )


class SkipView(JudgingView):
    """Skipping an assignment."""

    @extend_schema(
        operation_id="assignments_skip",
        examples=openapi_examples.SKIP,
        request=Skip,
        responses={200: serializers.NextSerializer, **refused(409)},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Skip the assignment. Skips are paid, except a second “not today” on one day.

        The person does not get the text again; after “not today” it may come back on another day.
        After five skips in a row, and when `rest` is true, `next` is null, so that a break can be
        offered. Leasing still gives the next one.
        """
        body = body_of(request)
        skip = Skip.read(reason=body.get("reason"), note=body.get("note"))
        skipped = submissions.skip(actor=self.actor, assignment_id=id_of(assignment_id), skip=skip)
        answer = {
            "next": self.shown(skipped.next),
            "pay_held": skipped.held,
            "rest": skipped.many or skipped.rest,
        }
        return Response(
            answer
            | self.support(
                [skip.note, *UncheckedSubmission(body).free_texts()],
                assignment_id,
                source=Source.SKIP,
                about=[id_of(assignment_id)],
            )
        )


class UndoSkipView(JudgingView):
    """Undoing a skip."""

    @extend_schema(
        operation_id="assignments_undo_skip",
        examples=openapi_examples.UNDO,
        request=None,
        responses={200: serializers.AssignmentSerializer, **refused(409)},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Get a skipped text back within ten minutes, as a new assignment.

        If the skip was paid, the new assignment pays nothing more. An assignment that was leased
        since is returned. Refused (409) if somebody else has the text by now.
        """
        again = putting_off.undo_skip(actor=self.actor, assignment_id=id_of(assignment_id))
        return Response(self.shown(again))


class LaterView(JudgingView):
    """Putting a text off."""

    @extend_schema(
        operation_id="assignments_later",
        examples=openapi_examples.LATER,
        request=None,
        responses={200: serializers.LaterSerializer, **refused(409)},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Put the text off until the person's next day. Nothing is paid; the draft is kept.

        The person may get it again from then on, unless somebody else takes it first. Repeating the
        call changes nothing.
        """
        put_off = putting_off.put_off(actor=self.actor, assignment_id=id_of(assignment_id))
        return Response({"next": self.shown(put_off.next), "rest": put_off.rest})


class StopView(JudgingView):
    """Stopping for now."""

    @extend_schema(
        operation_id="assignments_stop",
        request=None,
        responses={204: OpenApiResponse(description="Returned; the draft is kept.")},
    )
    def post(self, request: Request, assignment_id: str) -> Response:
        """Return the assignment, so that others can get its task. The draft is kept.

        If the draft has answers and the task is still free, the next lease gives it first. Without
        this call, a lease lasts until `expires_at`. Repeating the call changes nothing.
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

        Work that is much faster than promised is stored in the same way, but its pay is held until
        a coordinator has checked it. If `rest` is true, a break is offered and `next` is null;
        leasing still gives the next one.
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
            "rest": submitted.rest,
        }
        return Response(
            answer
            | self._feedback(submitted.judgement.assignment)
            | self.support(
                own_words(assignment=submitted.judgement.assignment, sent=sent),
                assignment_id,
                source=Source.JUDGEMENT,
                about=[submitted.judgement.id],
            ),
            status=201,
        )

    def _feedback(self, assignment: Assignment) -> dict[str, Any]:
        """Return the key `feedback` after a training item, otherwise no keys."""
        feedback = special_items.feedback_on(actor=self.actor, assignment=assignment)
        if feedback is None:
            return {}
        expected = feedback.expected
        return {"feedback": {"explanation": expected.explanation, "expected": expected.answers}}
