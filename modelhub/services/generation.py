"""Starts, cancels, resumes and ends generation runs. The worker's side is in `chunks`."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

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
from modelhub.rules import generation as rules
from modelhub.rules.generation import Budget, Settings
from modelhub.rules.selection import ALL_PROMPTS, Selection, selection_problems
from modelhub.rules.states import GENERATES, RUN_STATES, ItemState, ModelState, RunState
from modelhub.rules.training import lineage_problem
from modelhub.services import items, placing
from modelhub.signals import run_finished

STARTED = action("modelhub.run_started", gettext_lazy("started a generation run"))
LEFT = action("modelhub.run_left", gettext_lazy("let the other models be compared without a run"))
MOVED = action("modelhub.run_moved", gettext_lazy("changed the state of a generation run"))


@transaction.atomic
def start_run(
    *,
    actor: Actor,
    study: Study,
    version: ModelVersion,
    settings: Settings | None = None,
    prompts: Sequence[Prompt] | None = None,
    selection: Selection = ALL_PROMPTS,
    round: Round | None = None,
    budget: Budget | None = None,
    group: uuid.UUID | None = None,
    together: Sequence[ModelVersion] = (),
    run_id: uuid.UUID | None = None,
) -> GenerationRun:
    """Let a model write responses to prompts, in the background.

    Without `prompts`, the model answers the prompts of the `selection` that are not held out or
    withdrawn. With `round`, prompts become tasks of it when the responses of all runs of the
    `group`, whose models are `together`, are complete. Seed 0 draws a random seed. `run_id` is the
    id of the new run: a repeated request returns the run that exists.
    """
    require(actor, RUN_GENERATION, study)
    lock_until_commit(Lock.START_GENERATION, study.id)  # so that each run sees the one before
    existing = GenerationRun.objects.filter(id=run_id).first() if run_id else None
    settings = _checked(settings or Settings(), study, existing)
    _refuse_budget(budget or Budget())
    _refuse_model(study, version)
    _refuse_other_studies(study, round, prompts)
    chosen = _chosen(study, prompts, selection, together or [version], existing)
    count, fingerprint = queries.count_and_fingerprint(prompts=chosen)
    if not count:
        raise Invalid(_no_prompts(selection))
    digest = rules.config_hash(model=str(version.id), settings=settings, prompts=fingerprint)
    if existing:
        return _same_run(existing, study=study, digest=digest, round=round)
    _refuse_equal_run(study, digest)
    run = GenerationRun.objects.create(
        id=run_id or uuid.uuid4(),
        study=study,
        model_version=version,
        round=round,
        group=group or uuid.uuid4(),
        selection=selection.plain(),
        **asdict(settings) | asdict(budget or Budget()),
        config_hash=digest,
        requested_by_id=actor.user_id,
    )
    _make_first_items(run, count, chosen if prompts is not None else None)
    data = {"prompts": count, "samples": run.samples, "config": run.config_hash}
    _record(STARTED, actor, run, data)
    _queue(actor, run)
    return run


@transaction.atomic
def start_runs(
    *,
    actor: Actor,
    study: Study,
    versions: Sequence[ModelVersion],
    settings: Settings | None = None,
    selection: Selection = ALL_PROMPTS,
    round: Round | None = None,
    budget: Budget | None = None,
    run_id: uuid.UUID | None = None,
) -> list[GenerationRun]:
    """Let several models answer the same prompts with the same settings, in one group.

    A prompt becomes one task with responses of all the models, so that people compare the models
    without knowing which wrote what. The budget is each run's own. `run_id` is the id of the first
    run: a repeated request returns the runs that exist.
    """
    if not 1 <= len({version.id for version in versions}) == len(versions) <= rules.MOST_MODELS:
        sentence = _("Choose 1 to %(most)d different models.") % {"most": rules.MOST_MODELS}
        raise Invalid(sentence, {"model": [sentence]})
    group = run_id or uuid.uuid4()
    return [
        start_run(
            actor=actor,
            study=study,
            version=version,
            settings=settings,
            selection=selection,
            round=round,
            budget=budget,
            group=group,
            together=versions,
            run_id=group if number == 0 else uuid.uuid5(group, str(version.id)),
        )
        for number, version in enumerate(versions)
    ]


def _no_prompts(selection: Selection) -> str:
    if selection.plain():
        return _("This study has no such prompts.")
    return _("There are no prompts to answer yet. Add prompts first.")


def _chosen(
    study: Study,
    prompts: Sequence[Prompt] | None,
    selection: Selection,
    versions: Sequence[ModelVersion],
    existing: GenerationRun | None,
) -> QuerySet[Prompt]:
    """Return the prompts, or the selected ones; for a repeated request, those of its time."""
    if prompts is not None:
        return Prompt.objects.filter(id__in=[prompt.id for prompt in prompts])
    if problems := selection_problems(selection):
        raise Invalid(" ".join(words for of in problems.values() for words in of), problems)
    return queries.selected_prompts(
        study_id=study.id,
        selection=selection,
        versions=[version.id for version in versions],
        before=existing.created_at if existing else None,
    )


def _refuse_budget(budget: Budget) -> None:
    if problems := rules.budget_problems(budget):
        raise Invalid(" ".join(words for of in problems.values() for words in of), problems)


def _make_first_items(run: GenerationRun, count: int, prompts: QuerySet[Prompt] | None) -> None:
    """Make the items of selected prompts, or the first items of all `count` prompts."""
    if prompts is None:
        run.unmade = count * run.samples
        items.make_more(run=run)
    else:
        items.make_items(run=run, prompts=prompts)


def _queue(actor: Actor, run: GenerationRun) -> None:
    queueing.start(
        actor=actor,
        kind=queries.KIND,
        subject_id=run.id,
        study_id=run.study_id,
        label=run.model_version.name,
        total=run.to_write,
    )


def _record(action: str, actor: Actor, run: GenerationRun, data: dict[str, Any]) -> None:
    """Record an action on a run in the audit trail."""
    audit.record(
        actor=actor,
        action=action,
        study_id=run.study_id,
        about=("generation_run", run.id, run.model_version.name),
        data=data,
    )


def _refuse_model(study: Study, version: ModelVersion) -> None:
    usable = version.kind in GENERATES and version.state == ModelState.READY
    if not usable or version.study_id not in (None, study.id):
        raise Invalid(
            _("This model cannot write responses here."), {"model": [_("Choose another model.")]}
        )
    _refuse_withdrawn_data(version)


def _refuse_withdrawn_data(version: ModelVersion) -> None:
    if problem := lineage_problem(releases=releases_behind(version)):
        raise Conflict(problem)


def _same_run(
    run: GenerationRun, *, study: Study, digest: str, round: Round | None
) -> GenerationRun:
    """Return the run of a repeated request; raises Conflict if the request was changed."""
    asked = (study.id, digest, round.id if round else None)
    if (run.study_id, run.config_hash, run.round_id) != asked:
        raise Conflict(
            _("This page was already used to start a run. Open the page again to start another.")
        )
    return run


def _refuse_equal_run(study: Study, digest: str) -> None:
    under_way = GenerationRun.objects.filter(
        study=study, config_hash=digest, state__in=queries.UNDER_WAY
    )
    if under_way.exists():
        raise Conflict(_("A run with the same model, settings and prompts is already running."))


def _checked(settings: Settings, study: Study, existing: GenerationRun | None) -> Settings:
    """Check the settings, and fill in the seed and the system message if they are empty.

    The seed is that of the existing run, or random. The message is that of the study's last run.
    """
    if problems := rules.settings_problems(settings):
        sentences = [sentence for of_field in problems.values() for sentence in of_field]
        raise Invalid(" ".join(sentences), problems)
    drawn = existing.seed if existing else random.SystemRandom().getrandbits(31)
    return replace(
        settings,
        seed=settings.seed or drawn,
        system_message=seen(settings.system_message)
        or queries.last_system_message(study_id=study.id),
    )


def _refuse_other_studies(
    study: Study, round: Round | None, prompts: Sequence[Prompt] | None
) -> None:
    if any(prompt.study_id != study.id for prompt in prompts or ()):
        raise Invalid(_("One of these prompts is part of another study."))
    if round is not None and round.study_id != study.id:
        raise Invalid(_("This round is part of another study."))


def locked(*, run_id: uuid.UUID) -> GenerationRun:
    """Lock and return the run. The caller has locked its job before."""
    return (
        GenerationRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("study", "model_version", "round")
        .get(id=run_id)
    )


def _log(move: Move) -> None:
    data = {"from": move.old, "to": move.new, "error": move.row.error}
    _record(MOVED, move.actor, move.row, data)


machine(GenerationRun, RUN_STATES, log=_log)


def follow(*, move: Move) -> None:
    """Change the state of a run with its job's."""
    job: Job = move.row
    run = locked(run_id=job.subject_id)
    changes: dict[str, Any] = {"error": job.reason[:500], "ended_at": job.ended_at}
    if move.new == RunState.RUNNING:
        changes["started_at"] = job.started_at
    transition(run, to=RunState(move.new), actor=move.actor, changes=changes)
    if move.new == RunState.DONE and run.failed:
        placing.make_missing_tasks(run=run)


@transaction.atomic
def cancel_run(*, actor: Actor, run: GenerationRun) -> GenerationRun:
    """Cancel a run. Written responses are kept; those being written now are discarded."""
    require(actor, RUN_GENERATION, run.study)
    queueing.cancel(actor=actor, job=job_about(kind=queries.KIND, subject_id=run.id))
    run.refresh_from_db()
    return run


@transaction.atomic
def resume_run(*, actor: Actor, run: GenerationRun, budget: Budget | None = None) -> GenerationRun:
    """Resume a cancelled or failed run, and retry its failed items.

    `budget` replaces the limits of the run, which count what it used before; None keeps them.
    """
    require(actor, RUN_GENERATION, run.study)
    _refuse_withdrawn_data(run.model_version)
    if budget is not None:
        _refuse_budget(budget)
        for name, value in asdict(budget).items():
            setattr(run, name, value)
        run.save(update_fields=list(asdict(budget)))
    job = queueing.resume(actor=actor, job=job_about(kind=queries.KIND, subject_id=run.id))
    items.retry_failed(run=run)
    run.refresh_from_db()
    queueing.note(job=job, done=run.done, total=run.to_write)
    return run


@transaction.atomic
def compare_without(*, actor: Actor, run: GenerationRun) -> GenerationRun:
    """Let the other models of its group be compared without a run that has stopped.

    The run leaves the group and the round for good: if it is resumed, it makes no tasks.
    """
    require(actor, RUN_GENERATION, run.study)
    group = list(queries.locked_group(run=run))
    if run not in queries.holding_up(group=group):
        raise Conflict(_("No prompts wait for this run."))
    run = group.pop(group.index(run))
    heir = group[0]
    heir.tasks_made += run.tasks_made
    heir.save(update_fields=["tasks_made"])
    run.group, run.round, run.tasks_made, run.tasks_wait = uuid.uuid4(), None, 0, False
    run.save(update_fields=["group", "round", "tasks_made", "tasks_wait"])
    _record(LEFT, actor, run, {})
    placing.make_missing_tasks(run=heir)
    return run


def finish(*, run: GenerationRun, job: Job) -> None:
    """End a run without pending items. The caller has locked the run and its job."""
    run_items = GenerationItem.objects.filter(run=run)
    failed = run_items.filter(state=ItemState.FAILED)
    count, first = failed.count(), failed.order_by("id").first()
    every = run.to_write
    if first and not run_items.filter(state=ItemState.DONE).exists():
        queueing.end(job=job, to=JobState.FAILED, reason=first.error, done=every, total=every)
    else:
        reason = ""
        if first:
            reason = ngettext(
                "%(count)d response could not be written: %(error)s",
                "%(count)d responses could not be written: %(error)s",
                count,
            ) % {"count": count, "error": first.error}
        queueing.end(job=job, to=JobState.DONE, reason=reason, done=every, total=every)
    run_finished.send(sender=GenerationRun, run=locked(run_id=run.id))
