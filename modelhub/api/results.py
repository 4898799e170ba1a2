"""API views of responses with their models, judgements, and evaluations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from annotations.api.openapi_examples import JUDGEMENTS
from annotations.permissions import SEE_JUDGEMENTS
from annotations.queries import listing
from annotations.serializers.results import JudgementSerializer
from codesign.accounts.api import id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.access import Permission
from codesign.shared.pagination import Pages
from codesign.studies.api import InStudyView
from modelhub.api import openapi_examples
from modelhub.filters import EvaluationFilter, JudgementFilter, ResponseFilter
from modelhub.permissions import SEE_MODELS
from modelhub.queries import evaluations, sources
from modelhub.serializers import results as serializers


class ById(Pages):
    """Pages ordered by id, which reveals neither the time nor the author."""

    ordering = ("id",)


class ResponsesView(InStudyView):
    """The responses of a study."""

    permission = SEE_MODELS
    scope = TokenScope.MODELS
    pagination_class = ById
    parameters = {"GET": ResponseFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="responses_list",
        examples=openapi_examples.RESPONSES,
        responses={200: serializers.WrittenResponseSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List all responses with their models, including withdrawn responses, by id."""
        study = self.study(slug)
        wanted = sources.sources_of(actor=self.actor, study=study, asked=self.asked)
        responses = listing.responses(study_id=study.id, asked=self.asked, sources=wanted)
        return self.page(responses, serializers.WrittenResponseSerializer, sources.with_models)


class JudgementsView(InStudyView):
    """The judgements of a study."""

    permission: Permission = SEE_JUDGEMENTS
    scope = TokenScope.JUDGEMENTS
    pagination_class = ById
    parameters = {"GET": JudgementFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="judgements_list",
        examples=JUDGEMENTS,
        responses={200: JudgementSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the judgements whose consent was not withdrawn, by id, without free text.

        This list is for running a study: to monitor it and to check releases. It must not be used
        as a dataset. For that, use a release, which only holds what people agreed to.
        """
        study = self.study(slug)
        wanted = sources.sources_of(actor=self.actor, study=study, asked=self.asked)
        judgements = listing.judgements(study_id=study.id, asked=self.asked, sources=wanted)
        return self.page(judgements, JudgementSerializer)


class EvaluationView(InStudyView):
    """Base class of the views of evaluations."""

    permission = SEE_MODELS
    scope = TokenScope.MODELS


class EvaluationsView(EvaluationView):
    """The evaluations of a study."""

    pagination_class = Pages
    parameters = {"GET": EvaluationFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="evaluations_list",
        examples=openapi_examples.EVALUATIONS,
        responses={200: serializers.EvaluationSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the comparisons of trained models with their parents, newest first."""
        matching = evaluations.evaluations_matching(
            actor=self.actor, study=self.study(slug), asked=self.asked
        )
        return self.page(matching, serializers.EvaluationSerializer)


class OneEvaluationView(EvaluationView):
    """One evaluation."""

    @extend_schema(
        operation_id="evaluations_retrieve",
        examples=openapi_examples.ONE_EVALUATION,
        responses={200: serializers.EvaluationResultsSerializer},
    )
    def get(self, request: Request, slug: str, evaluation_id: str) -> Response:
        """Return an evaluation with the results of each cohort so far."""
        study = self.study(slug)
        evaluation = evaluations.evaluation_of(
            actor=self.actor, study=study, evaluation_id=id_of(evaluation_id)
        )
        result = evaluations.result_of(actor=self.actor, evaluation=evaluation)
        context: dict[str, Any] = {"result": result}
        serializer = serializers.EvaluationResultsSerializer(evaluation, context=context)
        return Response(serializer.data)
