"""Training runs: requested, cancelled, and what their worker writes about them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from annotations.models import DatasetRelease
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.registry import Failed
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.integers import refuse_what_does_not_fit
from codesign.shared.transition import Move, machine, transition
from codesign.studies.locks import lock_study
from codesign.studies.permissions import require
from modelhub.engine.errors import BadSpec
from modelhub.engine.params import parse
from modelhub.models import ModelVersion, TrainingRun
from modelhub.permissions import TRAIN
from modelhub.queries.training import KIND, releases_behind, system_message_of
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
MOVED = action("modelhub.training_moved", "moved a training run to another state")
ENDED = action("modelhub.training_ended", "ended a training run")
ENDS = (TrainingState.DONE, TrainingState.FAILED, TrainingState.CANCELLED)


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
    queueing.start(
        actor=actor, kind=KIND, subject_id=run.id, study_id=run.study_id, label=_label(run)
    )
    return run


def _label(run: TrainingRun) -> str:
    return f"{run.method} on release {run.release.number}"


def _put_on_record(actor: Actor, run: TrainingRun) -> None:
    audit.record(
        actor=actor,
        action=ASKED,
        study_id=run.study_id,
        about=("training_run", run.id, _label(run)),
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


def _log(move: Move) -> None:
    """Put the end of a run on record, and each move before it."""
    run: TrainingRun = move.row
    ended = move.new in ENDS
    audit.record(
        actor=move.actor,
        action=ENDED if ended else MOVED,
        study_id=run.study_id,
        about=("training_run", run.id, run.method),
        data={"state": move.new} if ended else {"from": move.old, "to": move.new},
    )


machine(TrainingRun, TRAINING_STATES, log=_log)


def follow(*, move: Move) -> None:
    """Let a run follow its job."""
    job: Job = move.row
    run = locked(run_id=job.subject_id)
    changes: dict[str, Any] = {"error": job.reason, "ended_at": job.ended_at}
    running = move.new == JobState.RUNNING
    to = TrainingState.PREPARING if running else TrainingState(move.new)
    if to == TrainingState.PREPARING:
        changes["started_at"] = job.started_at
    elif to == TrainingState.QUEUED:
        changes["losses"] = []
    transition(run, to=to, actor=move.actor, changes=changes)


@transaction.atomic
def cancel(*, actor: Actor, run: TrainingRun) -> TrainingRun:
    """Stop a run: at once where it waits, at its next step where it runs."""
    require(actor, TRAIN, run.study)
    queueing.cancel(actor=actor, job=job_about(kind=KIND, subject_id=run.id))
    audit.record(
        actor=actor,
        action=CANCELLED,
        study_id=run.study_id,
        about=("training_run", run.id, run.method),
    )
    run.refresh_from_db()
    return run


@transaction.atomic
def note_losses(*, work: Work, losses: list[Any]) -> None:
    """Write the loss curve so far; with its first step a run is training.

    Raises Stopped where the run was cancelled, Failed where its release was superseded.
    """
    work.lock()
    run = locked(run_id=work.job.subject_id)
    refuse_release(run=run)
    if losses == run.losses:
        return
    if run.state == TrainingState.PREPARING:
        transition(run, to=TrainingState.TRAINING, actor=SYSTEM)
    run.losses = losses
    run.save(update_fields=["losses"])


@transaction.atomic
def finish(*, work: Work, path: str, sha256: str, metrics: Mapping[str, Any]) -> ModelVersion:
    """The adapter becomes a model version with its lineage.

    Raises Stopped where the run was cancelled, Failed where its release was superseded.
    """
    work.lock()
    run = locked(run_id=work.job.subject_id)
    refuse_release(run=run)
    if run.state == TrainingState.PREPARING:
        transition(run, to=TrainingState.TRAINING, actor=SYSTEM)
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
    run.save(update_fields=["metrics"])
    work.finish()
    return version


def refuse_release(*, run: TrainingRun) -> None:
    """Raise Failed where a run must not go on: somebody in its release may have withdrawn."""
    if problem := release_problem(purpose=run.release.purpose, state=run.release.state):
        raise Failed(problem)


def locked(*, run_id: uuid.UUID) -> TrainingRun:
    """The run, locked; its job is locked before."""
    return (
        TrainingRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("release", "base", "study", "requested_by")
        .get(id=run_id)
    )
