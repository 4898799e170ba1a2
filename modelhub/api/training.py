"""API views to list, start, read and cancel training runs."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codesign.accounts.api import ApiView, id_of
from codesign.accounts.rules import TokenScope
from codesign.shared.access import Permission
from codesign.shared.pagination import Pages
from codesign.shared.serializers import refused
from modelhub.api import openapi_examples
from modelhub.filters import TrainingFilter
from modelhub.permissions import SEE_MODELS, TRAIN
from modelhub.queries import training as queries
from modelhub.serializers import training as serializers
from modelhub.services import training


class TrainingView(ApiView):
    """Base class of the views of training runs."""

    permission: Permission = SEE_MODELS
    scope = TokenScope.TRAINING


class TrainingRunsView(TrainingView):
    """The training runs of the caller's studies."""

    pagination_class = Pages
    parameters = {"GET": TrainingFilter}  # noqa: RUF012

    @extend_schema(
        operation_id="training_runs_list",
        examples=openapi_examples.TRAININGS,
        responses={200: serializers.TrainingRunSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """List the training runs of your studies, newest first."""
        runs = queries.runs_matching(actor=self.actor, asked=self.asked)
        return self.page(runs, serializers.TrainingRunSerializer, read=queries.with_progress)

    @extend_schema(
        operation_id="training_runs_start",
        examples=openapi_examples.START_TRAINING,
        request=serializers.TrainingRequestSerializer,
        responses={201: serializers.TrainingRunSerializer, **refused(404, 409)},
    )
    def post(self, request: Request) -> Response:
        """Queue a training run. Runs train in the background, one at a time."""
        releases = queries.releases_to_train_on(actor=self.actor)
        wanted = self.sent(serializers.TrainingRequestSerializer)
        release = queries.chosen_release(releases=releases, release_id=wanted["release"])
        run = training.request_training(
            actor=self.actor,
            release=release,
            base=queries.chosen_base(actor=self.actor, study=release.study, wanted=wanted["base"]),
            method=wanted["method"],
            params=wanted["params"],
            seed=wanted["seed"],
        )
        run = queries.run_seen(actor=self.actor, run_id=run.id)
        return Response(serializers.TrainingRunSerializer(run).data, status=201)


class OneTrainingRunView(TrainingView):
    """One training run."""

    @extend_schema(
        operation_id="training_runs_retrieve",
        examples=openapi_examples.ONE_TRAINING,
        responses={200: serializers.TrainingRunSerializer},
    )
    def get(self, request: Request, run_id: str) -> Response:
        """Return the progress of a run, its losses, and the model that it made."""
        run = queries.run_seen(actor=self.actor, run_id=id_of(run_id))
        return Response(serializers.TrainingRunSerializer(run).data)


class CancelTrainingView(TrainingView):
    """Cancels a training run."""

    permission = TRAIN

    @extend_schema(
        operation_id="training_runs_cancel",
        examples=openapi_examples.ONE_TRAINING,
        request=None,
        responses={200: serializers.TrainingRunSerializer, **refused(409)},
    )
    def post(self, request: Request, run_id: str) -> Response:
        """Cancel a run: a queued run ends at once, a running one after its current step."""
        run = queries.run_seen(actor=self.actor, run_id=id_of(run_id))
        training.cancel(actor=self.actor, run=run)
        run = queries.run_seen(actor=self.actor, run_id=run.id)
        return Response(serializers.TrainingRunSerializer(run).data)
