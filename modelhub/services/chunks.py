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
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.rules.text_kinds import Origin
from annotations.services import prompts as prompt_services
from annotations.services.intake import NewResponse
from codesign.jobs.models import Job
from codesign.jobs.registry import MORE, Change, Failed, Kind, Part, Retry, register
from codesign.jobs.services.working import Work
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import DATABASE_AWAY
from modelhub.engine.errors import EngineError
from modelhub.models import GenerationItem, GenerationRun
from modelhub.permissions import RUN_GENERATION, SEE_GENERATION
from modelhub.queries import generation as queries
from modelhub.queries.versions import names_behind
from modelhub.rules import generation as rules
from modelhub.rules.states import ItemState, ModelKind
from modelhub.services import generation, versions, writing
from modelhub.services.items import give_up, make_more, save_written
from modelhub.services.placing import make_tasks
from modelhub.services.serving import ServedWriter, has_budget
from modelhub.services.weights import weights_of
from modelhub.services.writing import Draft, Wanted


def _next_part(job: Job) -> Part | None:
    """Return the next chunk with items to write, for the worker that claims it.

    Returns None if no chunk is left; the run then ends, unless other workers are still writing.
    Claims of one run lock its job for milliseconds, or for a tenth of a second if the next items
    must be made. Other runs do not wait.
    """
    run = generation.locked(run_id=job.subject_id)
    claimed = list(job.claims.values_list("part", flat=True))
    if claimed and has_budget(run=run):
        return None  # one worker at a time, so that each knows what the others used
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
        waits = isinstance(error, Retry) and not error.counts
        if waits or isinstance(error, DATABASE_AWAY) or disk_space.was_lacking(error):
            _uncount_attempt(work)
        raise
    return MORE


def _write(work: Work) -> None:
    run = queries.run_of(run_id=work.job.subject_id)
    group = [run, *queries.others_of_group(run=run)]
    names = names_behind(*(one.model_version for one in group))
    wanted = wanted_of(run=run, chunk=work.part)
    settings = settings_of(run=run)
    if run.model_version.kind == ModelKind.SERVER:
        served = ServedWriter(run=run, settings=settings, check=work.check)
        try:
            drafts = _drafts(wanted, settings, served, names)
            save_chunk(work=work, drafts=drafts, used=served.used)
        except BaseException:
            _count_used(run, served.used)
            raise
        _halt(work, run, served)
        return
    model = writing.load(
        weights=weights_of(version=run.model_version),
        threads=django_settings.MODEL_THREADS or os.cpu_count() or 1,
    )
    write = writing.batch_writer(model=model, settings=settings)
    save_chunk(work=work, drafts=_drafts(wanted, settings, write, names))


def _count_used(run: GenerationRun, used: tuple[int, int]) -> None:
    """Count the tokens of a chunk that is not saved, for example because the run was cancelled."""
    with suppress(*DATABASE_AWAY):
        GenerationRun.objects.filter(id=run.id).update(
            tokens_read=F("tokens_read") + used[0], tokens_written=F("tokens_written") + used[1]
        )


def _drafts(
    wanted: Sequence[Wanted],
    settings: rules.Settings,
    write: writing.WriteBatch,
    names: Sequence[str],
) -> list[Draft]:
    if not connection.in_atomic_block:
        connection.close()  # writing takes long; saving opens a new connection
    return writing.write_chunk(wanted=wanted, seed=settings.seed, write=write, names=names)


def _halt(work: Work, run: GenerationRun, served: ServedWriter) -> None:
    """Raise Retry or Failed if the server or the budget stopped the chunk."""
    pending = GenerationItem.objects.filter(run=run, chunk=work.part, state=ItemState.PENDING)
    attempt = pending.aggregate(most=Max("attempts", default=0))["most"]
    stop = served.stop(attempt=attempt)
    if stop is None:
        return
    if isinstance(stop, Failed):  # it can be resumed
        _uncount_attempt(work)
    raise stop


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
            make_tasks(run=run, asked={item.prompt_id for item in given_up})
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
        top_p=run.top_p,
        template_arguments=run.template_arguments,
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
def save_chunk(*, work: Work, drafts: Sequence[Draft], used: tuple[int, int] = (0, 0)) -> None:
    """Save the texts of a chunk once; raises Stopped if the worker's claim is no longer valid.

    `used` are the tokens that a server read and wrote.
    """
    work.lock()
    run = generation.locked(run_id=work.job.subject_id)
    if any(used):
        run.tokens_read, run.tokens_written = (
            run.tokens_read + used[0],
            run.tokens_written + used[1],
        )
        run.save(update_fields=["tokens_read", "tokens_written"])
    items = {item.id: item for item in _pending(run, work.part)}
    _keep(run, [(items[draft.item_id], draft) for draft in drafts])
    make_tasks(run=run, asked={item.prompt_id for item in items.values()})
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


def _finish_if_done(run: GenerationRun, job: Job) -> None:
    """End a run if nothing is left to write, after making the tasks that are missing."""
    if run.unmade or _waiting(run, []).exists():
        return
    if run.tasks_wait:
        make_tasks(run=run, asked=set(), last=True)
    generation.finish(run=run, job=job)
