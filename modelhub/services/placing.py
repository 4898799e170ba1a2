"""Makes tasks of prompts whose responses are complete, in the round of a generation run.

Runs of one group answer the same prompts, each with another model. A prompt becomes one task with
the responses of all of them, so it waits for each run that is not done: a failed or cancelled run
can be resumed. Only a person can decide to compare the others without it. Workers of several runs
may complete a prompt at the same time: the lock of the round decides which of them sees the
responses of all. If a run was started by a person who may not decide what people are paid to read,
its prompts wait for a coordinator.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import F

from annotations.models import Prompt, Response, Round, Task
from annotations.rules.states import RoundState
from annotations.services.rounds import add_tasks, items_to_compare, locked_round, round_if_free
from codesign.shared.actors import SYSTEM, Actor
from codesign.shared.batches import batched
from modelhub.models import GenerationItem, GenerationRun
from modelhub.queries import generation as queries
from modelhub.rules.states import ItemState, RunState
from modelhub.services import waiting_prompts

PROMPTS_AT_ONCE = 500
"""Prompts that become tasks in one statement."""


def make_tasks(*, run: GenerationRun, asked: set[uuid.UUID], last: bool = False) -> None:
    """Make tasks in the run's round of prompts whose responses are complete in the whole group.

    If the round is locked, the tasks are made with those of a later chunk. Only the last call
    waits for the lock.
    """
    if run.round_id is None:
        return
    lock = locked_round if last else round_if_free
    round = lock(round_id=run.round_id)
    if round is None:
        GenerationRun.objects.filter(id=run.id).update(tasks_wait=True)
        run.tasks_wait = True
        return
    if round.state == RoundState.CLOSED:
        return
    if run.tasks_wait:
        asked |= set(queries.prompts_without_task(runs=[run]))
    place = _add_tasks if _decided(run) else _hold
    count = sum(place(run, round, batch) for batch in batched(asked, PROMPTS_AT_ONCE))
    run.tasks_wait = False
    GenerationRun.objects.filter(id=run.id).update(
        tasks_made=F("tasks_made") + count, tasks_wait=False
    )


def make_missing_tasks(*, run: GenerationRun) -> None:
    """Make the tasks of its group that waited for responses which will not be written any more."""
    if run.round_id is not None:
        group = [run, *queries.others_of_group(run=run)]
        make_tasks(run=run, asked=set(queries.prompts_without_task(runs=group)), last=True)


def _decided(run: GenerationRun) -> bool:
    """Return whether those who started the runs of the group may decide on paid work."""
    runs = [run, *queries.others_of_group(run=run)]
    return waiting_prompts.decides(
        *(Actor(user_id=one.requested_by_id) for one in runs), study=run.study
    )


def _hold(run: GenerationRun, round: Round, asked: Sequence[uuid.UUID]) -> int:
    """Let complete prompts wait for a coordinator; return that no tasks were made."""
    complete = set(asked) - _incomplete(run, asked)
    prompts = Prompt.objects.for_judging().filter(id__in=complete)
    waiting_prompts.hold(study=run.study, prompts=prompts, round=round)
    return 0


def _add_tasks(run: GenerationRun, round: Round, asked: Sequence[uuid.UUID]) -> int:
    existing = Task.objects.filter(round=round, prompt_id__in=asked)
    skipped = {*_incomplete(run, asked), *existing.values_list("prompt_id", flat=True)}
    written = Response.objects.in_use().filter(
        generation_item__run__group=run.group, prompt_id__in=set(asked) - skipped
    )
    responses = list(written.order_by("generation_item__sample", "generation_item__run_id"))
    prompts = Prompt.objects.in_use().filter(id__in={one.prompt_id for one in responses})
    items = items_to_compare(prompts=prompts, responses=responses)
    return len(add_tasks(actor=SYSTEM, round=round, items=items)) if items else 0


def _incomplete(run: GenerationRun, asked: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return the prompts that a run of the group has yet to answer.

    A run that is not done can be resumed, and then tries its failed items again. So models that are
    compared wait for these too; a run on its own does not.
    """
    group = [run, *queries.others_of_group(run=run)]
    writing = [one for one in group if one.state != RunState.DONE]
    items = GenerationItem.objects.filter(run__in=writing, prompt_id__in=asked)
    alone = len(group) == 1
    left = items.filter(state=ItemState.PENDING) if alone else items.exclude(state=ItemState.DONE)
    waiting = set(left.values_list("prompt_id", flat=True))
    for one in writing:
        if one.unmade:
            unmade = queries.prompts_without_items(run=one).filter(id__in=asked)
            waiting |= set(unmade.values_list("id", flat=True))
    return waiting
