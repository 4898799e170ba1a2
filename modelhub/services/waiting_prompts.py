"""Prompts that wait for a coordinator before they become paid work.

An ML engineer may import prompts and generate responses, but not decide what the study pays for.
While a judging round is open, such prompts wait. A coordinator sees how many there are and what
they cost, and adds them to the round.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Prompt, Response, Round, Task
from annotations.models.querysets import in_use
from annotations.permissions import MANAGE_ROUNDS, SEE_ROUNDS
from annotations.rules.states import RoundState
from annotations.services.rounds import add_tasks, items_to_compare, locked_round
from codesign.audit import services as audit
from codesign.audit.registry import action
from codesign.jobs.models import Job
from codesign.jobs.queries import lock_unfinished
from codesign.jobs.registry import Change, Kind, register
from codesign.jobs.services import queueing
from codesign.jobs.services.working import Work
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.errors import Conflict, NotFound, NotPermitted
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import WaitingPrompt
from modelhub.permissions import LET_JUDGE
from modelhub.queries import waiting_prompts as queries
from modelhub.queries.generation import open_judging_round

LET_JUDGED = action(
    "modelhub.imported_prompts_let_judge", gettext_lazy("let imported prompts be judged")
)
BATCH = 500
"""Prompts that become tasks in one transaction."""


def decides(*actors: Actor, study: Study) -> bool:
    """Return whether all of these actors may decide what people are paid to read."""
    try:
        for actor in dict.fromkeys(actors):
            require(actor, MANAGE_ROUNDS, study)
    except (NotPermitted, NotFound):  # they may have left the study
        return False
    return True


def hold(*, study: Study, prompts: QuerySet[Prompt], round: Round) -> int:
    """Record that prompts with two different responses wait; return how many are new.

    Prompts that are already in the round are left out.
    """
    found = ready(prompts=prompts, round=round).values_list("id", flat=True)
    known = WaitingPrompt.objects.filter(prompt__in=found).values("prompt_id")
    rows = [WaitingPrompt(prompt_id=id, study=study) for id in found.exclude(id__in=known)]
    WaitingPrompt.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def count_by_replies(*, prompts: QuerySet[Prompt]) -> tuple[int, int]:
    """Return how many prompts have one text as response, and how many have different ones."""
    written = prompts.filter(in_use("responses"))
    counts = written.annotate(
        first=Min("responses__text_hash"), last=Max("responses__text_hash")
    ).aggregate(
        one=Count("id", filter=Q(first=F("last"))), more=Count("id", filter=Q(first__lt=F("last")))
    )
    return counts["one"], counts["more"]


def ready(*, prompts: QuerySet[Prompt], round: Round) -> QuerySet[Prompt]:
    """Return prompts with two different responses that are not in the round."""
    different = Count("responses__text_hash", distinct=True)
    written = prompts.filter(in_use("responses")).alias(n=different).filter(n__gt=1)
    return written.exclude(id__in=Task.objects.filter(round=round).values("prompt_id"))


def make_tasks(*, round: Round, prompts: QuerySet[Prompt]) -> int:
    """Make tasks of prompts with two different responses in a round that is locked.

    Held-out prompts and those that are in the round already are left out. The system adds the
    tasks, since a worker or an import may make them for a coordinator.
    """
    prompts = prompts.exclude(id__in=Task.objects.filter(round=round).values("prompt_id"))
    responses = Response.objects.in_use().filter(prompt__in=prompts).order_by("created_at", "id")
    items = items_to_compare(prompts=prompts.order_by("external_id"), responses=responses)
    return len(add_tasks(actor=SYSTEM, round=round, items=items)) if items else 0


@transaction.atomic
def let_judge(*, actor: Actor, study: Study) -> Job:
    """Make tasks of all waiting prompts in the open judging round, in the background."""
    require(actor, LET_JUDGE, study)
    round = open_judging_round(study_id=study.id)
    if round is None:
        raise Conflict(_("No judging round is open. Open one, then let the prompts be judged."))
    locked_round(round_id=round.id)
    if lock_unfinished(kind=KIND.name, subject_id=round.id):
        raise Conflict(_("The waiting prompts are being added to the round already."))
    total = queries.waiting(study_id=study.id).count()
    if not total:
        raise Conflict(_("No imported prompts are waiting."))
    audit.record(
        actor=actor,
        action=LET_JUDGED,
        study_id=study.id,
        about=("round", round.id, round.title),
        data={"prompts": total},
    )
    return queueing.start(
        actor=actor,
        kind=KIND.name,
        subject_id=round.id,
        study_id=study.id,
        label=round.title,
        total=total,
    )


def _run(work: Work) -> None:
    while _let_batch(work):
        work.check()


@transaction.atomic
def _let_batch(work: Work) -> bool:
    """Make tasks of the prompts that wait longest. Return whether there are more."""
    job = work.lock()
    round = locked_round(round_id=job.subject_id)
    # The coordinator did not see prompts that were imported later.
    waiting = queries.waiting(study_id=round.study_id).filter(created_at__lte=job.created_at)
    waiting = waiting.order_by("created_at", "prompt_id")
    ids: Sequence[uuid.UUID] = list(waiting.values_list("prompt_id", flat=True)[:BATCH])
    if not ids or round.state != RoundState.OPEN:
        work.finish()
        return False
    make_tasks(round=round, prompts=Prompt.objects.for_judging().filter(id__in=ids))
    forget(prompt_ids=ids)
    work.advance(done=min(job.done + len(ids), job.total), total=job.total)
    return True


def forget(*, prompt_ids: Collection[uuid.UUID]) -> None:
    """Delete the record that prompts wait."""
    WaitingPrompt.objects.filter(prompt_id__in=prompt_ids).delete()


@transaction.atomic
def cancel(*, actor: Actor, study: Study, job: Job) -> None:
    """Stop adding the waiting prompts. Tasks that were made stay."""
    require(actor, LET_JUDGE, study)
    queueing.cancel(actor=actor, job=job)


KIND = register(
    Kind(
        name=queries.KIND,
        task="modelhub.tasks.let_judge",
        queue="exports",
        time_limit=3600,
        run=_run,
        words=gettext_lazy("adding imported prompts to a round"),
        unit=gettext_lazy("prompts processed"),
        permission=SEE_ROUNDS,
        cancel=Change(
            LET_JUDGE,
            lambda actor, job: cancel(
                actor=actor, study=Study.objects.get(id=job.study_id), job=job
            ),
        ),
        page="annotations:round",
    )
)
