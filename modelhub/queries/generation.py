"""Reading generation runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import Combinable

from annotations.models import Prompt, Round, Task
from annotations.models.querysets import RoundQuerySet
from annotations.rules.states import RoundState
from codesign.jobs.queries import Progress, job_about, progress_of
from codesign.shared.actors import Actor
from codesign.shared.errors import Invalid, NotFound
from codesign.shared.lookups import Asked, matching
from codesign.studies.models import Study
from modelhub.engine.generate import DEFAULT_SYSTEM_MESSAGE
from modelhub.models import GenerationItem, GenerationRun
from modelhub.queries.versions import named
from modelhub.rules.states import ItemState, RunState
from modelhub.rules.words import run_state

KIND = "generation_run"
"""The kind of the jobs that write runs."""
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)
RESUMABLE = (RunState.CANCELLED, RunState.FAILED)


def judging_rounds(*, study_id: uuid.UUID) -> RoundQuerySet:
    """Judging rounds that may still take tasks, newest first."""
    rounds = Round.objects.judging().filter(study_id=study_id)
    return rounds.exclude(state=RoundState.CLOSED).order_by("-created_at", "id")


def open_judging_round(*, study_id: uuid.UUID) -> Round | None:
    """The newest judging round from which assignments come now."""
    return judging_rounds(study_id=study_id).open().first()


def prompts_to_answer(*, study_id: uuid.UUID) -> QuerySet[Prompt]:
    """What a run answers unless told otherwise: neither held out nor pulled."""
    return Prompt.objects.for_judging().filter(study_id=study_id)


def counted_and_told_apart(*, prompts: QuerySet[Prompt]) -> tuple[int, str]:
    """How many prompts these are, and what no other set of prompts has, versions included.

    Their hashes are added up where they lie: to read and to sort a million would take seconds.
    """

    def added_up(seed: Combinable) -> Sum:
        hashed = Func(F("id"), seed, function="uuid_hash_extended", output_field=BigIntegerField())
        return Sum(hashed)

    found = prompts.aggregate(
        count=Count("id"), one=added_up(F("version")), two=added_up(-F("version"))
    )
    return found["count"], "{count} {one} {two}".format(**found)


def prompts_of(*, run: GenerationRun) -> QuerySet[Prompt]:
    """What a run that was told nothing else answers, but for what has been pulled since.

    Of prompts that have come in since it started, none: its hash does not know them. What was
    being brought in at that very moment may be answered.
    """
    return prompts_to_answer(study_id=run.study_id).filter(created_at__lte=run.created_at)


def prompts_without_items(*, run: GenerationRun) -> QuerySet[Prompt]:
    """Those of them whose items are still to be made, in the order in which they are."""
    left = prompts_of(run=run).filter(external_id__gt=run.made_until)
    return left.order_by("external_id")


def prompts_without_task(*, run: GenerationRun) -> QuerySet[GenerationItem, uuid.UUID]:
    """Ids of the prompts that a run has written responses to, and that are not in its round."""
    written = GenerationItem.objects.filter(run=run, state=ItemState.DONE)
    placed = Task.objects.filter(round=run.round_id, prompt=OuterRef("prompt"))
    return written.filter(~Exists(placed)).order_by().values_list("prompt_id", flat=True).distinct()


def runs_of(*, study_id: uuid.UUID) -> QuerySet[GenerationRun]:
    """The runs of a study, newest first."""
    return (
        GenerationRun.objects.filter(study_id=study_id)
        .select_related("model_version", "study")
        .order_by("-created_at", "id")
    )


def runs_matching(*, actor: Actor, study: Study, asked: Asked) -> QuerySet[GenerationRun]:
    """Those of a state, round or model, or since a moment, as far as these are given."""
    wanted = matching(asked, state="state", round="round_id", since="created_at__gte")
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
    """A sentence for each generation run whose numbers are not what counting its items says."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        for (run_id,) in cursor.fetchall():
            yield f"The counts of generation run {run_id} differ from its items."


def run_in(*, study_id: uuid.UUID, run_id: uuid.UUID) -> GenerationRun:
    """One run of a study that the caller was checked against; else NotFound."""
    found = GenerationRun.objects.select_related("study", "model_version", "round")
    run = found.filter(id=run_id, study_id=study_id).first()
    if run is None:
        raise NotFound("There is no such generation run for you.")
    return run


def run_of(*, run_id: uuid.UUID) -> GenerationRun:
    """A run with its model, for its worker."""
    return GenerationRun.objects.select_related("model_version").get(id=run_id)


def run_with_counts(*, study_id: uuid.UUID, run_id: uuid.UUID) -> GenerationRun:
    """One run as `runs_of` lists it."""
    run = runs_of(study_id=study_id).filter(id=run_id).first()
    if run is None:
        raise NotFound("There is no such generation run for you.")
    return run


def chosen_round(*, study_id: uuid.UUID, round_id: uuid.UUID | None) -> Round | None:
    """The judging round of that id, which may still take tasks; None where none was named."""
    if round_id is None:
        return None
    found = judging_rounds(study_id=study_id).filter(id=round_id).first()
    if found is None:
        sentence = "There is no such judging round that still takes tasks."
        raise Invalid(sentence, {"round": [sentence]})
    return found


def run_for_home(*, study_id: uuid.UUID) -> GenerationRun | None:
    """The newest run, unless it is done: what somebody may want to look at now."""
    runs = GenerationRun.objects.filter(study_id=study_id).select_related("model_version", "study")
    run = runs.order_by("-created_at", "id").first()
    return run if run and run.state not in (RunState.DONE, RunState.CANCELLED) else None


def how_far(*, run: GenerationRun) -> Progress:
    """How far a run is, counting what could not be written as done; one query."""
    return progress_of(job_about(kind=KIND, subject_id=run.id))


def shown_on_home(*, run: GenerationRun) -> dict[str, Any]:
    """How far a run is and where it stands, in words: what a home shows; one query."""
    return {
        "run": run,
        "study": run.study,
        "progress": how_far(run=run),
        "state": run_state(run.state, begun=bool(run.done)),
        "goes_on": run.state in UNDER_WAY,
    }


def last_system_message(*, study_id: uuid.UUID) -> str:
    """What the newest run of the study told its model; else the default."""
    runs = GenerationRun.objects.filter(study_id=study_id).order_by("-created_at", "id")
    return runs.values_list("system_message", flat=True).first() or DEFAULT_SYSTEM_MESSAGE


def responses_to_come(*, study_id: uuid.UUID) -> int:
    """How many responses the runs of a study have yet to write."""
    under_way = GenerationRun.objects.filter(study_id=study_id, state__in=UNDER_WAY)
    left = F("total") + F("unmade") - F("done") - F("failed")
    return int(under_way.aggregate(left=Sum(left, default=0))["left"])
