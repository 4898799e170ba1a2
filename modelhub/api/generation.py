"""API views to list, start, read, cancel, resume and leave out generation runs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codesign.accounts.api import id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.access import Permission
from codesign.shared.pagination import Pages
from codesign.shared.serializers import refused
from codesign.studies.api import InStudyView
from codesign.studies.models import Study
from modelhub.api import openapi_examples
from modelhub.filters import GenerationFilter
from modelhub.permissions import RUN_GENERATION, SEE_GENERATION
from modelhub.queries import generation as queries
from modelhub.queries import versions
from modelhub.rules.generation import Settings
from modelhub.serializers import generation as serializers
from modelhub.services import generation


class RunView(InStudyView):
    """Base class of the views of generation runs."""

    permission: Permission = SEE_GENERATION
    scope = TokenScope.GENERATION

    def shown(self, study: Study, run_id: Any) -> dict[str, Any]:
        """Return the current state of a run."""
        run = queries.run_with_counts(study_id=study.id, run_id=run_id)
        return serializers.GenerationRunSerializer(run).data


class RunsView(RunView):
    """The generation runs of a study."""

    pagination_class = Pages
    parameters = {"GET": GenerationFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="generation_runs_list",
        examples=openapi_examples.RUNS,
        responses={200: serializers.GenerationRunSerializer(many=True)},
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the generation runs of a study, newest first."""
        study = self.study(slug)
        runs = queries.runs_matching(actor=self.actor, study=study, asked=self.asked)
        return self.page(runs, serializers.GenerationRunSerializer)

    @extend_schema(
        operation_id="generation_runs_start",
        examples=openapi_examples.START_RUN,
        request=serializers.GenerationRequestSerializer,
        responses={201: serializers.GenerationRunSerializer, **refused(409)},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Let a model answer all prompts that are not held out or withdrawn, or some of them.

        With several models, one run of each is started; the answer is the first of them, and the
        filter `group` finds the others.
        """
        study = self.study(slug)
        wanted = self.sent(serializers.GenerationRequestSerializer)
        names = wanted.pop("models", None) or [wanted.pop("model", "")]
        budget = serializers.budget_from(wanted)
        run, *_others = generation.start_runs(
            actor=self.actor,
            study=study,
            versions=[versions.able_version(study_id=study.id, wanted=name) for name in names],
            round=queries.chosen_round(study_id=study.id, round_id=wanted.pop("round", None)),
            selection=serializers.selection_of(wanted),
            settings=Settings(**wanted),
            budget=budget,
        )
        return Response(self.shown(study, run.id), status=201)


class OneRunView(RunView):
    """One generation run."""

    @extend_schema(
        operation_id="generation_runs_retrieve",
        examples=openapi_examples.ONE_RUN,
        responses={200: serializers.GenerationRunSerializer},
    )
    def get(self, request: Request, slug: str, run_id: str) -> Response:
        """Return a run and its progress."""
        return Response(self.shown(self.study(slug), id_of(run_id)))


class CancelRunView(RunView):
    """Cancels a generation run."""

    permission = RUN_GENERATION

    @extend_schema(
        operation_id="generation_runs_cancel",
        examples=openapi_examples.ONE_RUN,
        request=None,
        responses={200: serializers.GenerationRunSerializer, **refused(409)},
    )
    def post(self, request: Request, slug: str, run_id: str) -> Response:
        """Cancel a run. Responses that are already written are kept."""
        study = self.study(slug)
        run = queries.run_in(study_id=study.id, run_id=id_of(run_id))
        generation.cancel_run(actor=self.actor, run=run)
        return Response(self.shown(study, run.id))


class ResumeRunView(RunView):
    """Resumes a generation run."""

    permission = RUN_GENERATION

    @extend_schema(
        operation_id="generation_runs_resume",
        examples=openapi_examples.RESUME_RUN,
        request=serializers.BudgetSerializer,
        responses={200: serializers.GenerationRunSerializer, **refused(409)},
    )
    def post(self, request: Request, slug: str, run_id: str) -> Response:
        """Resume a cancelled or failed run. A body replaces its budget; without one it is kept."""
        study = self.study(slug)
        run = queries.run_in(study_id=study.id, run_id=id_of(run_id))
        budget = None
        if request.data:
            budget = serializers.budget_from(self.sent(serializers.BudgetSerializer))
        generation.resume_run(actor=self.actor, run=run, budget=budget)
        return Response(self.shown(study, run.id))


class CompareWithoutView(RunView):
    """Leaves a stopped run out of a comparison."""

    permission = RUN_GENERATION

    @extend_schema(
        operation_id="generation_runs_compare_without",
        examples=openapi_examples.LEFT_OUT_RUN,
        request=None,
        responses={200: serializers.GenerationRunSerializer, **refused(409)},
    )
    def post(self, request: Request, slug: str, run_id: str) -> Response:
        """Compare the other models of the group without a cancelled or failed run, for good.

        The answer is the run, which now is in a group of its own and in no round.
        """
        study = self.study(slug)
        run = queries.run_in(study_id=study.id, run_id=id_of(run_id))
        generation.compare_without(actor=self.actor, run=run)
        return Response(self.shown(study, run.id))
