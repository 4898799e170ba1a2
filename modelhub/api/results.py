"""What models wrote, what people said of it, and comparisons of models."""

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
    """In an order that tells no time and no writer."""

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
        """Every response with the model that wrote it, withdrawn ones too, by id."""
        study = self.study(slug)
        wanted = sources.sources_of(actor=self.actor, study=study, asked=self.asked)
        found = listing.responses(study_id=study.id, asked=self.asked, sources=wanted)
        return self.page(found, serializers.WrittenResponseSerializer, sources.with_models)


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
        """Every judgement under a consent that was not taken back, by id, without free text.

        For running a study: to see how it goes and to check what a release says. It is no data
        set: that is a release, which holds what people agreed to for its purpose.
        """
        study = self.study(slug)
        wanted = sources.sources_of(actor=self.actor, study=study, asked=self.asked)
        found = listing.judgements(study_id=study.id, asked=self.asked, sources=wanted)
        return self.page(found, JudgementSerializer)


class EvaluationView(InStudyView):
    """What the views of evaluations share."""

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
        """Every comparison of a trained model with its parent, newest first."""
        found = evaluations.evaluations_matching(
            actor=self.actor, study=self.study(slug), asked=self.asked
        )
        return self.page(found, serializers.EvaluationSerializer)


class OneEvaluationView(EvaluationView):
    """One evaluation."""

    @extend_schema(
        operation_id="evaluations_retrieve",
        examples=openapi_examples.ONE_EVALUATION,
        responses={200: serializers.EvaluationResultsSerializer},
    )
    def get(self, request: Request, slug: str, evaluation_id: str) -> Response:
        """The comparison with what each cohort preferred so far."""
        study = self.study(slug)
        found = evaluations.evaluation_of(
            actor=self.actor, study=study, evaluation_id=id_of(evaluation_id)
        )
        told: dict[str, Any] = {"result": evaluations.result_of(actor=self.actor, evaluation=found)}
        shown = serializers.EvaluationResultsSerializer(found, context=told)
        return Response(shown.data)
