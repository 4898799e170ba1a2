"""Requests and cancels training runs, and saves what their worker reports."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
from modelhub.rules.states import TRAINING_STATES, Method, ModelKind, ModelState, TrainingState
from modelhub.rules.training import (
    CONFIG_OF,
    base_problem,
    child_name,
    config_hash,
    lineage_problem,
    records_problem,
    release_problem,
)

ASKED = action("modelhub.training_asked", gettext_lazy("requested a training run"))
CANCELLED = action("modelhub.training_cancelled", gettext_lazy("cancelled a training run"))
MOVED = action("modelhub.training_moved", gettext_lazy("changed the state of a training run"))
ENDED = action("modelhub.training_ended", gettext_lazy("ended a training run"))
ENDS = (TrainingState.DONE, TrainingState.FAILED, TrainingState.CANCELLED)


def _refuse_equal_run(key: str) -> None:
    """Refuse a run that exists already, with its id so that the page can link to it."""
    same = (
        TrainingRun.objects.filter(config_hash=key)
        .exclude(state__in=[TrainingState.FAILED, TrainingState.CANCELLED])
        .first()
    )
    if same:
        raise Conflict(
            _(
                "The run of %(time)s UTC has the same release, model and parameters. Open that "
                "run, or change a parameter."
            )
            % {"time": date_format(same.created_at, "DATETIME_FORMAT")},
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
    """Queue a training run, after checking that it can succeed.

    Release, base, method, parameters and system message identify the run. A second run with the
    same key is refused unless the first failed or was cancelled, because the result is the same.
    """
    require(actor, TRAIN, release.study)
    refuse_what_does_not_fit(TrainingRun, seed=seed)
    full = _checked(release, base, method, params or {})
    system_message = system_message_of(release=release)
    lock_study(study_id=release.study_id)
    key = config_hash(
        release=str(release.id),
        base=str(base.id),
        method=method,
        params=full,
        seed=seed,
        system_message=system_message,
    )
    _refuse_equal_run(key)
    run = TrainingRun.objects.create(
        study=release.study,
        release=release,
        base=base,
        method=method,
        params=full,
        seed=seed,
        system_message=system_message,
        config_hash=key,
        requested_by_id=actor.user_id,
    )
    _record_request(actor, run)
    queueing.start(
        actor=actor, kind=KIND, subject_id=run.id, study_id=run.study_id, label=_label(run)
    )
    return run


def _label(run: TrainingRun) -> str:
    return _("%(method)s on release %(number)d") % {
        "method": run.method,
        "number": run.release.number,
    }


def _record_request(actor: Actor, run: TrainingRun) -> None:
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
    """Return all parameters that the method uses; raises Invalid or Conflict if it cannot run."""
    if method not in set(Method):
        raise Invalid(
            _("Choose a training method."), {"method": [_("Choose a method from the list.")]}
        )
    if problem := release_problem(purpose=release.purpose, state=release.state):
        raise Conflict(problem)
    if problem := records_problem(rows=release.manifest.get("rows"), method=method):
        raise Invalid(problem, {"release": [problem]})
    if problem := base_problem(kind=base.kind, method=method):
        raise Invalid(problem, {"base": [problem]})
    if problem := lineage_problem(releases=releases_behind(base)):
        raise Conflict(problem)
    if base.study_id not in (None, release.study_id) or base.state != ModelState.READY:
        raise Invalid(
            _("Codesign does not have the weights of this model."),
            {"base": [_("Choose another model.")]},
        )
    try:
        return parse(method, params).used()
    except BadSpec as error:
        raise Invalid(_("Some parameters are invalid."), {"params": error.problems}) from error


def _log(move: Move) -> None:
    """Record each change of state in the audit trail."""
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
    """Change the state of a run with its job's."""
    job: Job = move.row
    run = locked(run_id=job.subject_id)
    changes: dict[str, Any] = {"error": job.reason, "ended_at": job.ended_at}
    running = move.new == JobState.RUNNING
    to = TrainingState.PREPARING if running else TrainingState(move.new)
    if to == TrainingState.PREPARING:
        changes["started_at"] = job.started_at
    elif to == TrainingState.QUEUED:
        changes |= {"losses": [], "measurements": []}
    transition(run, to=to, actor=move.actor, changes=changes)


@transaction.atomic
def cancel(*, actor: Actor, run: TrainingRun) -> TrainingRun:
    """Cancel a run: a queued run ends at once, a running one after its current step."""
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
def note_curves(*, work: Work, losses: list[Any], measurements: list[Any]) -> None:
    """Save the curves so far. The first loss moves the run from preparing to training.

    Raises Stopped if the run was cancelled, Failed if its release was superseded.
    """
    work.lock()
    run = locked(run_id=work.job.subject_id)
    refuse_release(run=run)
    if (losses, measurements) == (run.losses, run.measurements):
        return
    if losses and run.state == TrainingState.PREPARING:
        transition(run, to=TrainingState.TRAINING, actor=SYSTEM)
    run.losses, run.measurements = losses, measurements
    run.save(update_fields=["losses", "measurements"])


@transaction.atomic
def finish(*, work: Work, path: str, sha256: str, metrics: Mapping[str, Any]) -> ModelVersion:
    """Register the adapter as a model version with its lineage, and end the job.

    Raises Stopped if the run was cancelled, Failed if its release was superseded.
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
    """Raise Failed if the release can no longer be used, for example after a withdrawal."""
    if problem := release_problem(purpose=run.release.purpose, state=run.release.state):
        raise Failed(problem)


def locked(*, run_id: uuid.UUID) -> TrainingRun:
    """Lock and return the run. The caller has locked its job before."""
    return (
        TrainingRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("release", "base", "study", "requested_by")
        .get(id=run_id)
    )
