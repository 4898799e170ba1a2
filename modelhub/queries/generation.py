"""Reads generation runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _

from annotations.models import Prompt, Response, Round, Task
from annotations.models.querysets import RoundQuerySet
from annotations.rules.states import RoundState
from codesign.jobs.queries import Progress, job_about, progress_of
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Study
from modelhub.engine.generate import DEFAULT_SYSTEM_MESSAGE
from modelhub.models import GenerationItem, GenerationRun, Source
from modelhub.queries.versions import named
from modelhub.rules.selection import Selection, selection_from
from modelhub.rules.states import ItemState, RunState
from modelhub.rules.words import run_state

KIND = "generation_run"
"""The kind of job that writes the responses of a run."""
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)
RESUMABLE = (RunState.CANCELLED, RunState.FAILED)


def judging_rounds(*, study_id: uuid.UUID) -> RoundQuerySet:
    """Return the judging rounds that still accept tasks, newest first."""
    rounds = Round.objects.judging().filter(study_id=study_id)
    return rounds.exclude(state=RoundState.CLOSED).order_by("-created_at", "id")


def open_judging_round(*, study_id: uuid.UUID) -> Round | None:
    """Return the newest open judging round, or None."""
    return judging_rounds(study_id=study_id).open().first()


def prompts_to_answer(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """Return the default prompts of a run: those that are not held out or withdrawn."""
    return Prompt.objects.for_judging().filter(study_id=study_id)


def selected_prompts(
    *,
    study_id: uuid.UUID,
    selection: Selection,
    versions: Iterable[uuid.UUID] = (),
    before: datetime | None = None,
) -> QuerySet[Prompt]:
    """Return the prompts of a selection, without those that are held out or withdrawn.

    `versions` are the models that start together, whose responses count for `unanswered`: all of
    them, or those from `before` a time.
    """
    prompts = prompts_to_answer(study_id=study_id)
    if selection.categories:
        prompts = prompts.filter(category__in=selection.categories)
    if selection.topics:
        prompts = prompts.filter(topics__overlap=list(selection.topics))
    if selection.languages:
        prompts = prompts.filter(language__in=selection.languages)
    if selection.external_ids:
        prompts = prompts.filter(external_id__in=selection.external_ids)
    if selection.unanswered:
        sources = Source.objects.filter(study_id=study_id, model_version__in=list(versions))
        written = Response.objects.in_use().filter(
            prompt_id=OuterRef("id"), source__in=sources.values("id")
        )
        if before:
            written = written.filter(created_at__lte=before)
        prompts = prompts.exclude(Exists(written))
    return prompts


def count_and_fingerprint(*, prompts: QuerySet[Prompt]) -> tuple[int, str]:
    """Return the number of prompts, and a text that differs for any other prompts or versions.

    The database sums up hashes, because reading and sorting a million prompts takes seconds.
    """

    def sum_of_hashes(seed: Combinable) -> Sum:
        hashed = Func(F("id"), seed, function="uuid_hash_extended", output_field=BigIntegerField())
        return Sum(hashed)

    totals = prompts.aggregate(
        count=Count("id"), one=sum_of_hashes(F("version")), two=sum_of_hashes(-F("version"))
    )
    return totals["count"], "{count} {one} {two}".format(**totals)


def prompts_of(*, run: GenerationRun) -> QuerySet[Prompt]:
    """Return the prompts of a run that was started without a list of prompts.

    Prompts that were withdrawn since the start are left out. So are newer prompts, which are not
    part of the run's hash. Prompts of an import that was running at the start may be included.
    """
    together = GenerationRun.objects.filter(group=run.group, study=run.study_id)
    prompts = selected_prompts(
        study_id=run.study_id,
        selection=selection_from(run.selection),
        versions=together.values_list("model_version_id", flat=True),
        before=run.created_at,
    )
    return prompts.filter(created_at__lte=run.created_at)


def prompts_without_items(*, run: GenerationRun) -> QuerySet[Prompt]:
    """Return the prompts of a run that have no items yet, in the order of making them."""
    left = prompts_of(run=run).filter(external_id__gt=run.made_until)
    return left.order_by("external_id")


def prompts_without_task(*, runs: Sequence[GenerationRun]) -> QuerySet[GenerationItem, uuid.UUID]:
    """Return ids of prompts with responses of these runs that are not yet a task of their round."""
    written = GenerationItem.objects.filter(run__in=runs, state=ItemState.DONE)
    placed = Task.objects.filter(round=OuterRef("run__round"), prompt=OuterRef("prompt"))
    return written.filter(~Exists(placed)).order_by().values_list("prompt_id", flat=True).distinct()


def others_of_group(*, run: GenerationRun) -> list[GenerationRun]:
    """Return the other runs that answer the same prompts for the same tasks."""
    runs = GenerationRun.objects.filter(group=run.group, study=run.study_id)
    others = runs.exclude(id=run.id).select_related("model_version", "round")
    return list(others.order_by("created_at"))


def locked_group(*, run: GenerationRun) -> QuerySet[GenerationRun]:
    """Return the runs of a group, locked until the transaction ends."""
    runs = GenerationRun.objects.filter(group=run.group, study=run.study_id)
    locked = runs.select_for_update(no_key=True, of=("self",)).order_by("id")
    return locked.select_related("study", "model_version", "round")


def holding_up(*, group: Sequence[GenerationRun]) -> list[GenerationRun]:
    """Return the runs of a group that have stopped, so that the tasks of the others wait."""
    if len(group) == 1:
        return []
    stopped = [run for run in group if run.state in RESUMABLE]
    return [run for run in stopped if run.round and run.round.state != RoundState.CLOSED]


def tasks_of_group(*, run: GenerationRun) -> int:
    """Return the number of tasks that a run and the others of its group have made."""
    made = GenerationRun.objects.filter(group=run.group).aggregate(n=Sum("tasks_made", default=0))
    return int(made["n"])


def runs_of(*, study_id: uuid.UUID) -> QuerySet[GenerationRun]:
    """Return the runs of a study, newest first."""
    return (
        GenerationRun.objects.filter(study_id=study_id)
        .select_related("model_version", "study")
        .order_by("-created_at", "id")
    )


def runs_matching(*, actor: Actor, study: Study, asked: Asked) -> QuerySet[GenerationRun]:
    """Return the runs that match the given filters: state, round, group, model, since."""
    wanted = matching(
        asked, state="state", round="round_id", group="group", since="created_at__gte"
    )
    if "model" in asked:
        wanted &= Q(model_version__in=named(actor=actor, wanted=asked["model"]))
    return runs_of(study_id=study.id).filter(wanted)


COUNTED = f"""
    SELECT run.id FROM modelhub_generationrun run LEFT JOIN (
      SELECT run_id, count(*) AS total,
        count(*) FILTER (WHERE state = '{ItemState.DONE}') AS done,
        count(*) FILTER (WHERE state = '{ItemState.FAILED}') AS failed,
        coalesce(sum(tokens) FILTER (WHERE state = '{ItemState.DONE}'), 0) AS tokens
      FROM modelhub_generationitem GROUP BY run_id
    ) items ON items.run_id = run.id
    WHERE (run.total, run.done, run.failed, run.tokens) <> (coalesce(items.total, 0),
      coalesce(items.done, 0), coalesce(items.failed, 0), coalesce(items.tokens, 0))
    ORDER BY 1
"""  # noqa: S608


def runs_miscounted() -> Iterator[str]:
    """Yield a sentence for each run whose counters differ from its items."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        for (run_id,) in cursor.fetchall():
            yield _("The counters of generation run %(run)s differ from its items.") % {
                "run": run_id
            }


def run_in(*, study_id: uuid.UUID, run_id: uuid.UUID) -> GenerationRun:
    """Return one run, or raise NotFound. The caller has checked the permission in the study."""
    runs = GenerationRun.objects.select_related("study", "model_version", "round")
    run = runs.filter(id=run_id, study_id=study_id).first()
    if run is None:
        raise NotFound(_("This generation run does not exist, or you do not have access to it."))
    return run


def run_of(*, run_id: uuid.UUID) -> GenerationRun:
    """Return a run with its model, for a worker."""
    return GenerationRun.objects.select_related("model_version").get(id=run_id)


def run_with_counts(*, study_id: uuid.UUID, run_id: uuid.UUID) -> GenerationRun:
    """Return one run with the columns of `runs_of`, or raise NotFound."""
    run = runs_of(study_id=study_id).filter(id=run_id).first()
    if run is None:
        raise NotFound(_("This generation run does not exist, or you do not have access to it."))
    return run


def chosen_round(*, study_id: uuid.UUID, round_id: uuid.UUID | None) -> Round | None:
    """Return the judging round of that id, or None if no id is given.

    Raises Invalid unless the round exists and still accepts tasks.
    """
    if round_id is None:
        return None
    round = judging_rounds(study_id=study_id).filter(id=round_id).first()
    if round is None:
        sentence = _("This judging round does not exist or is closed.")
        raise Invalid(sentence, {"round": [sentence]})
    return round


def run_for_home(*, study_id: uuid.UUID) -> GenerationRun | None:
    """Return the newest run for the home page, or None if it is done or was cancelled."""
    runs = GenerationRun.objects.filter(study_id=study_id).select_related("model_version", "study")
    run = runs.order_by("-created_at", "id").first()
    return run if run and run.state not in (RunState.DONE, RunState.CANCELLED) else None


def how_far(*, run: GenerationRun) -> Progress:
    """Return the progress of a run in one query. Failed items count as done."""
    return progress_of(job_about(kind=KIND, subject_id=run.id))


def shown_on_home(*, run: GenerationRun) -> dict[str, Any]:
    """Return what a home page shows of a run: its progress and its state in words."""
    return {
        "run": run,
        "study": run.study,
        "progress": how_far(run=run),
        "state": run_state(run.state, begun=bool(run.done)),
        "goes_on": run.state in UNDER_WAY,
    }


def last_system_message(*, study_id: uuid.UUID) -> str:
    """Return the system message of the study's newest run, or the default."""
    runs = GenerationRun.objects.filter(study_id=study_id).order_by("-created_at", "id")
    return runs.values_list("system_message", flat=True).first() or DEFAULT_SYSTEM_MESSAGE


def responses_to_come(*, study_id: uuid.UUID) -> int:
    """Return the number of responses that the unfinished runs of a study have yet to write."""
    under_way = GenerationRun.objects.filter(study_id=study_id, state__in=UNDER_WAY)
    left = F("total") + F("unmade") - F("done") - F("failed")
    return int(under_way.aggregate(left=Sum(left, default=0))["left"])
