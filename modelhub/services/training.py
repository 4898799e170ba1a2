"""Training runs: asked for, run in a process of their own, cancelled, ended for good."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.models import DatasetRelease
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.integers import refuse_what_does_not_fit
from codesign.shared.jobs import enqueue
from codesign.studies.locks import lock_study
from codesign.studies.permissions import require
from modelhub.engine.errors import BadSpec
from modelhub.engine.params import parse
from modelhub.models import ModelVersion, TrainingRun
from modelhub.permissions import TRAIN
from modelhub.queries.training import releases_behind, system_message_of, waiting_runs
from modelhub.rules.states import TRAINING_STATES, Method, ModelKind, TrainingState
from modelhub.rules.training import (
    CONFIG_OF,
    base_problem,
    child_name,
    config_hash,
    lineage_problem,
    records_problem,
    release_problem,
)

ASKED = action("modelhub.training_asked", "asked for a training run")
CANCELLED = action("modelhub.training_cancelled", "cancelled a training run")
ENDED = action("modelhub.training_ended", "ended a training run")

RUN_TASK = "modelhub.tasks.train"


def _refuse_twin(key: str) -> None:
    """Name the run that is the same, so that whoever asked can go and look at it."""
    same = (
        TrainingRun.objects.filter(config_hash=key)
        .exclude(state__in=[TrainingState.FAILED, TrainingState.CANCELLED])
        .first()
    )
    if same:
        raise Conflict(
            f"The run of {same.created_at:%-d %B %Y, %H:%M} UTC has the same release, model and "
            "numbers: look at that one, or change a number.",
            training_run=str(same.id),
        )


@transaction.atomic
def request_training(
    *,
    actor: Actor,
    release: DatasetRelease,
    base: ModelVersion,
    method: str,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> TrainingRun:
    """Queue one run; refuses what could only fail, in a sentence.

    Release, base, method, parameters and the system message key the run: while one with the same
    key waits, runs or has succeeded there is nothing to gain from another.
    """
    require(actor, TRAIN, release.study)
    refuse_what_does_not_fit(TrainingRun, seed=seed)
    full = _checked(release, base, method, params or {})
    told = system_message_of(release=release)
    lock_study(study_id=release.study_id)
    key = config_hash(
        release=str(release.id),
        base=str(base.id),
        method=method,
        params=full,
        seed=seed,
        system_message=told,
    )
    _refuse_twin(key)
    run = TrainingRun.objects.create(
        study=release.study,
        release=release,
        base=base,
        method=method,
        params=full,
        seed=seed,
        system_message=told,
        config_hash=key,
        requested_by_id=actor.user_id,
    )
    _put_on_record(actor, run)
    enqueue(RUN_TASK, run.id)
    return run


def _put_on_record(actor: Actor, run: TrainingRun) -> None:
    audit.record(
        actor=actor,
        action=ASKED,
        study_id=run.study_id,
        about=("training_run", run.id, f"{run.method} on release {run.release.number}"),
        data={
            "release": str(run.release_id),
            "base": str(run.base_id),
            "config": CONFIG_OF[Method(run.method)],
        },
    )


def _checked(
    release: DatasetRelease, base: ModelVersion, method: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    """All parameters that the method uses; refuses what could only fail."""
    if method not in set(Method):
        raise Invalid("Choose how to train.", {"method": ["Choose one of the list."]})
    if problem := release_problem(purpose=release.purpose, state=release.state):
        raise Conflict(problem)
    if problem := records_problem(rows=release.manifest.get("rows", {}), method=method):
        raise Invalid(problem, {"release": [problem]})
    if problem := base_problem(kind=base.kind, method=method):
        raise Invalid(problem, {"base": [problem]})
    if problem := lineage_problem(releases=releases_behind(base)):
        raise Conflict(problem)
    if base.study_id not in (None, release.study_id):
        raise Invalid("This model's weights are not here.", {"base": ["Choose another model."]})
    try:
        return parse(method, params).used()
    except BadSpec as error:
        raise Invalid("Some of these numbers cannot work.", {"params": error.problems}) from error


@transaction.atomic
def cancel(*, actor: Actor, run: TrainingRun) -> TrainingRun:
    """Stop a run: at once where it waits, at its next step where it runs."""
    require(actor, TRAIN, run.study)
    run = _locked(run.id)
    if run.state == TrainingState.QUEUED:
        _move(run, TrainingState.CANCELLED, ended_at=timezone.now())
    elif TRAINING_STATES.allows(run.state, TrainingState.CANCELLED):
        run.cancel_requested_at = timezone.now()
        run.save(update_fields=["cancel_requested_at"])
    else:
        raise Conflict("This run has ended already.")
    audit.record(
        actor=actor,
        action=CANCELLED,
        study_id=run.study_id,
        about=("training_run", run.id, run.method),
    )
    return run


@transaction.atomic
def claim(*, run_id: uuid.UUID) -> TrainingRun | None:
    """Take a waiting run for this worker; None where another has it or it has ended."""
    run = (
        TrainingRun.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("release", "base", "study")
        .filter(id=run_id, state=TrainingState.QUEUED)
        .first()
    )
    if run is None:
        return None
    if problem := _release_problem(run):
        _move(run, TrainingState.FAILED, error=problem, ended_at=timezone.now())
        return None
    now = timezone.now()
    _move(run, TrainingState.PREPARING, started_at=now, heartbeat_at=now, error="")
    return run


@transaction.atomic
def note_progress(
    *, run_id: uuid.UUID, step: int, steps: int, seconds_left: int | None, losses: list[Any]
) -> bool:
    """Write what the process reported; False where it should stop."""
    run = _locked(run_id)
    if run.state == TrainingState.PREPARING and steps:
        _move(run, TrainingState.TRAINING)
    if run.state not in (TrainingState.PREPARING, TrainingState.TRAINING):
        return False
    if _release_problem(run):
        return False
    run.step, run.steps, run.seconds_left, run.losses = step, steps, seconds_left, losses
    run.heartbeat_at = timezone.now()
    run.save(update_fields=["step", "steps", "seconds_left", "losses", "heartbeat_at"])
    return run.cancel_requested_at is None


@transaction.atomic
def finish(
    *, run_id: uuid.UUID, path: str, sha256: str, metrics: Mapping[str, Any]
) -> ModelVersion | None:
    """The adapter becomes a model version with its lineage.

    None where the run had ended, or its release was superseded while it ran.
    """
    run = _locked(run_id)
    if run.state == TrainingState.PREPARING:
        _move(run, TrainingState.TRAINING)
    if run.state != TrainingState.TRAINING:
        return None
    if problem := _release_problem(run):
        _end(run, TrainingState.FAILED, problem)
        return None
    version = ModelVersion.objects.create(
        study=run.study,
        name=child_name(
            base=run.base.name,
            method=run.method,
            release=run.release.number,
            key=run.config_hash,
        ),
        kind=ModelKind.SCORER if run.method == Method.REWARD else ModelKind.ADAPTER,
        parent=run.base,
        training_run=run,
        path=path,
        sha256=sha256,
        made_by=run.requested_by,
    )
    run.metrics = dict(metrics)
    run.step = run.steps
    run.save(update_fields=["metrics", "step"])
    _end(run, TrainingState.DONE, "")
    return version


@transaction.atomic
def end_without_model(*, run_id: uuid.UUID, state: TrainingState, error: str = "") -> None:
    """A run that failed or was cancelled, with a sentence that says why."""
    run = _locked(run_id)
    if problem := _release_problem(run):
        state, error = TrainingState.FAILED, problem
    elif run.cancel_requested_at and state == TrainingState.FAILED:
        state, error = TrainingState.CANCELLED, ""  # told to stop before it could listen
    if TRAINING_STATES.allows(run.state, state):
        _end(run, state, error)


@transaction.atomic
def requeue_stale() -> list[uuid.UUID]:
    """Put runs whose process is gone back in the queue and ring for every run that waits.

    One that somebody cancelled meanwhile has ended.
    """
    stale = TrainingRun.objects.select_for_update(skip_locked=True).filter(
        id__in=waiting_runs(stale=True)
    )
    for run in stale:
        if run.cancel_requested_at:
            _end(run, TrainingState.CANCELLED, "")
            continue
        _move(run, TrainingState.QUEUED, step=0, losses=[], seconds_left=None)
    waiting = list(waiting_runs(stale=False))
    for run_id in waiting:
        enqueue(RUN_TASK, run_id)
    return waiting


def _release_problem(run: TrainingRun) -> str | None:
    """Why a run must not go on: somebody in its release may have withdrawn since it began."""
    return release_problem(purpose=run.release.purpose, state=run.release.state)


def _locked(run_id: uuid.UUID) -> TrainingRun:
    return (
        TrainingRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("release", "base", "study", "requested_by")
        .get(id=run_id)
    )


def _move(run: TrainingRun, state: TrainingState, **also: Any) -> None:
    run.state = TRAINING_STATES.check(run.state, state)
    for name, value in also.items():
        setattr(run, name, value)
    run.save(update_fields=["state", *also])


def _end(run: TrainingRun, state: TrainingState, error: str) -> None:
    _move(run, state, error=error[:1000], ended_at=timezone.now(), seconds_left=None)
    audit.record(
        actor=SYSTEM,
        action=ENDED,
        study_id=run.study_id,
        about=("training_run", run.id, run.method),
        data={"state": state},
    )
