"""A worker's side of a run: claim a chunk, write it outside of any transaction, save it once.

A chunk is a part of the run's job. If a worker dies, its chunk is offered again within moments. The
texts of a worker whose claim is no longer valid are discarded.
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Prompt, Response, Round, Task
from annotations.rules.states import RoundState
from annotations.rules.text_kinds import Origin
from annotations.rules.texts import text_hash
from annotations.services import prompts as prompt_services
from annotations.services.intake import NewResponse
from annotations.services.rounds import add_tasks, locked_round, round_if_free
from codesign.jobs.models import Job
from codesign.jobs.registry import MORE, Change, Failed, Kind, Part, Retry, register
from codesign.jobs.services.working import Work
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM
from codesign.shared.batches import batched
from codesign.shared.errors import DATABASE_AWAY
from modelhub.engine.errors import EngineError
from modelhub.models import GenerationItem, GenerationRun
from modelhub.permissions import RUN_GENERATION, SEE_GENERATION
from modelhub.queries import generation as queries
from modelhub.queries.versions import names_behind
from modelhub.rules import generation as rules
from modelhub.rules.states import ItemState
from modelhub.services import generation, versions, writing
from modelhub.services.items import give_up, make_more, save_written
from modelhub.services.weights import weights_of
from modelhub.services.writing import Draft, Wanted

PROMPTS_AT_ONCE = 500
"""Prompts that become tasks in one statement."""


def _next_part(job: Job) -> Part | None:
    """Return the next chunk with items to write, for the worker that claims it.

    Returns None if no chunk is left; the run then ends, unless other workers are still writing.
    Claims of one run lock its job for milliseconds, or for a tenth of a second if the next items
    must be made. Other runs do not wait.
    """
    run = generation.locked(run_id=job.subject_id)
    claimed = list(job.claims.values_list("part", flat=True))
    items = _next_writable(run, claimed)
    if not items:
        if not claimed:
            _finish_if_done(run, job)
        return None
    chunk = items[0].chunk
    GenerationItem.objects.filter(id__in=[item.id for item in items]).update(
        attempts=F("attempts") + 1
    )
    more = run.unmade > 0 or _waiting(run, [*claimed, chunk]).exists()
    return Part(chunk, more=more)


def _write_chunk(work: Work) -> str:
    """Let the model write the claimed chunk, and save the responses.

    If the database is unreachable or the disk is full, the job waits and the attempt does not
    count.
    """
    try:
        if disk_space.is_full(django_settings.CODESIGN_HOME):
            raise Retry(disk_space.SENTENCE, seconds=rules.DISK_FULL_SECONDS)
        _write(work)
    except EngineError as error:
        raise Failed(str(error)) from error
    except Exception as error:
        if isinstance(error, (Retry, *DATABASE_AWAY)) or disk_space.was_lacking(error):
            _uncount_attempt(work)
        raise
    return MORE


def _write(work: Work) -> None:
    run = queries.run_of(run_id=work.job.subject_id)
    model = writing.load(
        weights=weights_of(run.model_version),
        threads=django_settings.MODEL_THREADS or os.cpu_count() or 1,
    )
    names = names_behind(run.model_version)
    wanted = wanted_of(run=run, chunk=work.part)
    settings = settings_of(run=run)
    if not connection.in_atomic_block:
        connection.close()  # writing takes long; saving opens a new connection
    write = writing.batch_writer(model=model, settings=settings)
    drafts = writing.write_chunk(wanted=wanted, seed=settings.seed, write=write, names=names)
    save_chunk(work=work, drafts=drafts)


def _uncount_attempt(work: Work) -> None:
    if not connection.in_atomic_block:
        connection.close()  # it may be broken
    with suppress(*DATABASE_AWAY):
        GenerationItem.objects.filter(
            run=work.job.subject_id, chunk=work.part, state=ItemState.PENDING, attempts__gt=0
        ).update(attempts=F("attempts") - 1)


KIND = register(
    Kind(
        name=queries.KIND,
        task="modelhub.tasks.generate_chunk",
        queue="generation",
        time_limit=3600,
        run=_write_chunk,
        next_part=_next_part,
        moved=lambda move: generation.follow(move=move),
        words=gettext_lazy("generation run"),
        unit=gettext_lazy("responses"),
        permission=SEE_GENERATION,
        most_attempts=None,  # items fail one by one, see `rules.MOST_ATTEMPTS`
        cancels_at_once=True,
        cancel=Change(
            RUN_GENERATION,
            lambda actor, job: generation.cancel_run(
                actor=actor, run=queries.run_of(run_id=job.subject_id)
            ),
        ),
        resume=Change(
            RUN_GENERATION,
            lambda actor, job: generation.resume_run(
                actor=actor, run=queries.run_of(run_id=job.subject_id)
            ),
        ),
        page="modelhub:run",
    )
)


def _next_writable(run: GenerationRun, claimed: Sequence[int]) -> list[GenerationItem]:
    """Return the writable items of the next chunk that has any; empty if none is left."""
    while (items := _next_chunk(run, claimed)) or make_more(run=run):
        if given_up := [item for item in items if _give_up(item)]:
            # for prompts whose other responses are complete
            _make_tasks(run, {item.prompt_id for item in given_up})
        if writable := [item for item in items if item not in given_up]:
            return writable
    return []


def _waiting(run: GenerationRun, claimed: Sequence[int]) -> QuerySet[GenerationItem]:
    pending = GenerationItem.objects.filter(run=run, state=ItemState.PENDING)
    return pending.exclude(chunk__in=claimed)


def _next_chunk(run: GenerationRun, claimed: Sequence[int]) -> list[GenerationItem]:
    waiting = _waiting(run, claimed)
    first = waiting.order_by("chunk", "id").values_list("chunk", flat=True).first()
    if first is None:
        return []
    return list(waiting.filter(chunk=first).select_related("prompt").order_by("id"))


def _give_up(item: GenerationItem) -> bool:
    """Fail an item whose prompt was withdrawn or that has no attempts left; return whether."""
    if item.prompt.withdrawn_at:
        error = _("This prompt was withdrawn.")
    elif item.attempts >= rules.MOST_ATTEMPTS:
        error = _("The worker stopped %(times)d times while it wrote this response.") % {
            "times": item.attempts
        }
    else:
        return False
    give_up(item=item, error=error)
    return True


def settings_of(*, run: GenerationRun) -> rules.Settings:
    """Return the settings of a run."""
    return rules.Settings(
        samples=run.samples,
        temperature=run.temperature,
        max_new_tokens=run.max_new_tokens,
        batch_size=run.batch_size,
        seed=run.seed,
        system_message=run.system_message,
    )


def wanted_of(*, run: GenerationRun, chunk: int) -> list[Wanted]:
    """Return the texts of a chunk that are still to be written."""
    items = _pending(run, chunk)
    taken: dict[uuid.UUID, set[str]] = defaultdict(set)
    written = GenerationItem.objects.filter(
        run=run, state=ItemState.DONE, prompt_id__in={item.prompt_id for item in items}
    )
    for prompt_id, digest in written.values_list("prompt_id", "response__text_hash"):
        taken[prompt_id].add(str(digest))
    return [
        Wanted(
            item_id=item.id,
            prompt_key=item.prompt.external_id,
            prompt_version=item.prompt_version,
            sample=item.sample,
            messages=item.prompt.messages,
            made_again=item.made_again,
            taken=frozenset(taken[item.prompt_id]),
        )
        for item in items
    ]


def _pending(run: GenerationRun, chunk: int) -> list[GenerationItem]:
    pending = GenerationItem.objects.filter(run=run, chunk=chunk, state=ItemState.PENDING)
    return list(pending.select_related("prompt").order_by("id"))


@transaction.atomic
def save_chunk(*, work: Work, drafts: Sequence[Draft]) -> None:
    """Save the texts of a chunk once; raises Stopped if the worker's claim is no longer valid."""
    work.lock()
    run = generation.locked(run_id=work.job.subject_id)
    items = {item.id: item for item in _pending(run, work.part)}
    _keep(run, [(items[draft.item_id], draft) for draft in drafts])
    _make_tasks(run, {item.prompt_id for item in items.values()})
    run.refresh_from_db(fields=["done", "failed"])
    job = work.advance(done=run.done + run.failed, total=run.to_write)
    _finish_if_done(run, job)


def _keep(run: GenerationRun, written: Sequence[tuple[GenerationItem, Draft]]) -> None:
    source = versions.source_of(study=run.study, version=run.model_version)
    succeeded = [(item, draft) for item, draft in written if not draft.error]
    responses = prompt_services.add_responses(
        actor=SYSTEM,
        study=run.study,
        new=[
            NewResponse(
                prompt=item.prompt,
                text=draft.text,
                origin=Origin.AI,
                source=source.id,
                language=item.prompt.language,
            )
            for item, draft in succeeded
        ],
    )
    save_written(written=written, responses=responses)


def _make_tasks(run: GenerationRun, asked: set[uuid.UUID], *, last: bool = False) -> None:
    """Make tasks in the run's round of prompts whose responses are complete.

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
        asked |= set(queries.prompts_without_task(run=run))
    count = sum(_add_tasks(run, round, batch) for batch in batched(asked, PROMPTS_AT_ONCE))
    run.tasks_wait = False
    GenerationRun.objects.filter(id=run.id).update(
        tasks_made=F("tasks_made") + count, tasks_wait=False
    )


def _add_tasks(run: GenerationRun, round: Round, asked: Sequence[uuid.UUID]) -> int:
    waiting = GenerationItem.objects.filter(run=run, prompt_id__in=asked, state=ItemState.PENDING)
    existing = Task.objects.filter(round=round, prompt_id__in=asked)
    skipped = {
        *waiting.values_list("prompt_id", flat=True),
        *existing.values_list("prompt_id", flat=True),
    }
    written = Response.objects.in_use().filter(
        generation_item__run=run, prompt_id__in=set(asked) - skipped
    )
    by_prompt: dict[uuid.UUID, dict[str, Response]] = defaultdict(dict)
    for response in written.order_by("generation_item__sample"):
        by_prompt[response.prompt_id].setdefault(text_hash(response.text), response)
    items = [
        (prompt, list(by_prompt[prompt.id].values()))
        for prompt in Prompt.objects.in_use().filter(id__in=by_prompt)
        if len(by_prompt[prompt.id]) > 1
    ]
    return len(add_tasks(actor=SYSTEM, round=round, items=items)) if items else 0


def _finish_if_done(run: GenerationRun, job: Job) -> None:
    """End a run if nothing is left to write, after making the tasks that are missing."""
    if run.unmade or _waiting(run, []).exists():
        return
    if run.tasks_wait:
        _make_tasks(run, set(), last=True)
    generation.finish(run=run, job=job)
