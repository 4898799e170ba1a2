"""Generation runs: started, cancelled, resumed, ended. What a worker does is in `chunks`."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from annotations.models import Prompt, Round
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.jobs.rules import JobState
from codesign.jobs.services import queueing
from codesign.shared.actors import Actor
from codesign.shared.advisory_locks import Lock, lock_until_commit
from codesign.shared.errors import Conflict, Invalid
from codesign.shared.transition import Move, machine, transition
from codesign.shared.visible import seen
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import GenerationItem, GenerationRun, ModelVersion
from modelhub.permissions import RUN_GENERATION
from modelhub.queries import generation as queries
from modelhub.queries.training import releases_behind
from modelhub.queries.versions import GENERATES
from modelhub.rules import generation as rules
from modelhub.rules.generation import Settings
from modelhub.rules.states import RUN_STATES, ItemState, RunState
from modelhub.rules.training import lineage_problem
from modelhub.services import items
from modelhub.signals import run_finished

STARTED = action("modelhub.run_started", "started a generation run")
MOVED = action("modelhub.run_moved", "moved a generation run to another state")


@transaction.atomic
def start_run(
    *,
    actor: Actor,
    study: Study,
    version: ModelVersion,
    settings: Settings | None = None,
    prompts: Sequence[Prompt] | None = None,
    round: Round | None = None,
    run_id: uuid.UUID | None = None,
) -> GenerationRun:
    """Let a model write responses to prompts, in the background.

    Without `prompts`, all that are neither held out nor pulled. Where `round` is given, each prompt
    becomes one of its tasks once its responses are there. Without a seed (0) one is drawn.
    `run_id` is the id that the run gets: sent twice, as by a double click, it is one run.
    """
    require(actor, RUN_GENERATION, study)
    lock_until_commit(Lock.START_GENERATION, study.id)  # so that each run sees the one before
    twin = GenerationRun.objects.filter(id=run_id).first() if run_id else None
    settings = _checked(settings or Settings(), study, twin)
    _refuse_model(study, version)
    _refuse_strange(study, round, prompts)
    chosen = _chosen(study, prompts)
    count, known_by = queries.counted_and_told_apart(prompts=chosen)
    if not count:
        raise Invalid("There is no prompt to answer yet. Add prompts first.")
    digest = rules.config_hash(model=str(version.id), settings=settings, prompts=known_by)
    if twin:
        return _same(twin, study=study, digest=digest, round=round)
    _refuse_twin(study, digest)
    run = GenerationRun.objects.create(
        id=run_id or uuid.uuid4(),
        study=study,
        model_version=version,
        round=round,
        **asdict(settings),
        config_hash=digest,
        requested_by_id=actor.user_id,
    )
    if prompts is None:
        run.unmade = count * run.samples
        items.make_more(run=run)
    else:
        items.make_items(run=run, prompts=chosen)
    _tell(
        STARTED, actor, run, {"prompts": count, "samples": run.samples, "config": run.config_hash}
    )
    _queue(actor, run)
    return run


def _queue(actor: Actor, run: GenerationRun) -> None:
    queueing.start(
        actor=actor,
        kind=queries.KIND,
        subject_id=run.id,
        study_id=run.study_id,
        label=run.model_version.name,
        total=run.to_write,
    )


def _tell(what: str, actor: Actor, run: GenerationRun, data: dict[str, Any]) -> None:
    """Write in the audit trail what was done with a run."""
    audit.record(
        actor=actor,
        action=what,
        study_id=run.study_id,
        about=("generation_run", run.id, run.model_version.name),
        data=data,
    )


def _refuse_model(study: Study, version: ModelVersion) -> None:
    if version.kind not in GENERATES or version.study_id not in (None, study.id):
        raise Invalid("This model cannot write here.", {"model": ["Choose another model."]})
    _refuse_taken_back(version)


def _refuse_taken_back(version: ModelVersion) -> None:
    if problem := lineage_problem(releases=releases_behind(version)):
        raise Conflict(problem)


def _same(run: GenerationRun, *, study: Study, digest: str, round: Round | None) -> GenerationRun:
    asked = (study.id, digest, round.id if round else None)
    if (run.study_id, run.config_hash, run.round_id) != asked:
        raise Conflict("This page has started a run already. Open it again to start another.")
    return run


def _refuse_twin(study: Study, digest: str) -> None:
    under_way = GenerationRun.objects.filter(
        study=study, config_hash=digest, state__in=queries.UNDER_WAY
    )
    if under_way.exists():
        raise Conflict("This very run is under way already.")


def _checked(settings: Settings, study: Study, twin: GenerationRun | None) -> Settings:
    """The settings with what was left open: the seed is the twin's or drawn, the study's last
    message goes on.
    """
    if problems := rules.settings_problems(settings):
        raise Invalid(" ".join(words for said in problems.values() for words in said), problems)
    drawn = twin.seed if twin else random.SystemRandom().getrandbits(31)
    return replace(
        settings,
        seed=settings.seed or drawn,
        system_message=seen(settings.system_message)
        or queries.last_system_message(study_id=study.id),
    )


def _chosen(study: Study, prompts: Sequence[Prompt] | None) -> QuerySet[Prompt]:
    """What the run answers; without `prompts` never read as a whole: there may be a million."""
    if prompts is None:
        return queries.prompts_to_answer(study_id=study.id)
    return Prompt.objects.filter(id__in=[prompt.id for prompt in prompts])


def _refuse_strange(study: Study, round: Round | None, prompts: Sequence[Prompt] | None) -> None:
    if any(prompt.study_id != study.id for prompt in prompts or ()):
        raise Invalid("One of these prompts is part of another study.")
    if round is not None and round.study_id != study.id:
        raise Invalid("This round is part of another study.")


def locked(*, run_id: uuid.UUID) -> GenerationRun:
    """The run, locked; its job is locked before."""
    return (
        GenerationRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("study", "model_version", "round")
        .get(id=run_id)
    )


def _log(move: Move) -> None:
    data = {"from": move.old, "to": move.new, "error": move.row.error}
    _tell(MOVED, move.actor, move.row, data)


machine(GenerationRun, RUN_STATES, log=_log)


def follow(*, move: Move) -> None:
    """Let a run follow its job."""
    job: Job = move.row
    run = locked(run_id=job.subject_id)
    changes: dict[str, Any] = {"error": job.reason[:500], "ended_at": job.ended_at}
    if move.new == RunState.RUNNING:
        changes["started_at"] = job.started_at
    transition(run, to=RunState(move.new), actor=move.actor, changes=changes)


@transaction.atomic
def cancel_run(*, actor: Actor, run: GenerationRun) -> GenerationRun:
    """Stop a run. What is written stays; what a worker is writing now is thrown away."""
    require(actor, RUN_GENERATION, run.study)
    queueing.cancel(actor=actor, job=job_about(kind=queries.KIND, subject_id=run.id))
    run.refresh_from_db()
    return run


@transaction.atomic
def resume_run(*, actor: Actor, run: GenerationRun) -> GenerationRun:
    """Go on with a cancelled or failed run where it stopped; failed items get another try."""
    require(actor, RUN_GENERATION, run.study)
    _refuse_taken_back(run.model_version)
    job = queueing.resume(actor=actor, job=job_about(kind=queries.KIND, subject_id=run.id))
    GenerationItem.objects.filter(run=run, state=ItemState.FAILED).update(
        state=ItemState.PENDING, attempts=0, error=""
    )
    run.refresh_from_db()
    queueing.note(job=job, done=run.done, total=run.to_write)
    return run


def finish(*, run: GenerationRun, job: Job) -> None:
    """End a run, both locked, of which no item waits or is still to be made."""
    its = GenerationItem.objects.filter(run=run)
    failed = its.filter(state=ItemState.FAILED)
    count, first = failed.count(), failed.order_by("id").first()
    progress = {"done": run.to_write, "total": run.to_write}
    if first and not its.filter(state=ItemState.DONE).exists():
        queueing.end(job=job, to=JobState.FAILED, reason=first.error, **progress)
    else:
        said = f"{count} responses could not be written: {first.error}" if first else ""
        queueing.end(job=job, to=JobState.DONE, reason=said, **progress)
    run_finished.send(sender=GenerationRun, run=locked(run_id=run.id))
