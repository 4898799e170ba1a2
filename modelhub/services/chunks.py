"""A worker's part of a run: lease a chunk, write it outside any transaction, keep it once.

The rows are the truth. A worker that dies leaves a lease that ends by itself; one that comes back
late finds that its lease is no longer its own, and what it wrote is thrown away.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotations.models import Prompt, Response, Task
from annotations.rules.states import RoundState
from annotations.rules.text_kinds import Origin
from annotations.rules.texts import text_hash
from annotations.services import prompts as prompt_services
from annotations.services.intake import NewResponse
from annotations.services.rounds import add_tasks, locked_round
from codesign.shared import disk_space
from codesign.shared.actors import SYSTEM
from codesign.shared.errors import DATABASE_AWAY
from modelhub.engine.errors import EngineError
from modelhub.models import GenerationItem, GenerationRun, ModelVersion
from modelhub.queries import generation as queries
from modelhub.queries.versions import names_behind
from modelhub.rules import generation as rules
from modelhub.rules.states import ItemState, ModelKind, RunState
from modelhub.services import generation, versions, writing
from modelhub.services.alive import Hold, sign_of_life
from modelhub.services.items import make_more
from modelhub.services.writing import Draft, Wanted

log = logging.getLogger(__name__)
STOPPED = (
    "The model stopped with an error that is not of your making; the server's log says more. What "
    "is written stays. Resume to try again."
)
"""What the error was is for the log alone: it may hold a text or a path of the server."""
WRITTEN = [
    "state",
    "leased_until",
    "seed",
    "error",
    "finish_reason",
    "tokens",
    "latency_ms",
    "made_again",
    "response",
    "done_at",
]


@dataclass(frozen=True, slots=True)
class Lease:
    """A chunk that is ours for a while."""

    run_id: uuid.UUID
    settings: rules.Settings
    wanted: Sequence[Wanted]


def generate_chunk(*, run_id: uuid.UUID, ring: int) -> bool:
    """Answer one ring: write and keep the run's next chunk; whether there was one to keep.

    Where the database is away or the disk is full, the run waits and is rung for again.
    """
    if disk_space.is_full(django_settings.CODESIGN_HOME):
        return False  # what the model wrote now could not be kept
    run = answer_ring(run_id=run_id, ring=ring)
    if run is None:
        return False
    try:
        model = writing.load(
            models_dir=django_settings.MODELS_DIR,
            adapter=_adapter_of(run.model_version),
            threads=django_settings.MODEL_THREADS or os.cpu_count() or 1,
        )
        names = names_behind(run.model_version)
        with sign_of_life() as hold:
            lease = lease_chunk(run_id=run_id, hold=hold)
            if lease is None:
                return False
            if not connection.in_atomic_block:
                connection.close()  # writing takes long: what is kept after it gets a fresh one
            write = writing.batch_writer(model=model, settings=lease.settings)
            drafts = writing.write_chunk(
                wanted=lease.wanted, seed=lease.settings.seed, write=write, names=names
            )
            return save_chunk(lease=lease, drafts=drafts)
    except EngineError as error:
        generation.fail_run(run_id=run_id, error=str(error))
        return False
    except Exception as error:
        if isinstance(error, DATABASE_AWAY) or disk_space.was_lacking(error):
            raise  # the run is not at fault
        log.exception("generation run %s stopped", run_id)
        generation.fail_run(run_id=run_id, error=STOPPED)
        return False


@transaction.atomic
def answer_ring(*, run_id: uuid.UUID, ring: int) -> GenerationRun | None:
    """The run that was rung for, unless it ended or a later ring took the place of this one."""
    run = generation.locked(run_id=run_id)
    if run.ring != ring or run.state not in (RunState.QUEUED, RunState.RUNNING):
        return None
    GenerationRun.objects.filter(id=run.id).update(rung_at=None)
    return run


def _adapter_of(version: ModelVersion) -> Path | None:
    if version.kind == ModelKind.EMBEDDED:
        return None
    return Path(django_settings.MODELS_DIR) / version.path


@transaction.atomic
def lease_chunk(*, run_id: uuid.UUID, hold: Hold | None = None) -> Lease | None:
    """Lease the next chunk that waits and ring for the one after it; None where none waits.

    Leases of one run take turns on its row, which takes milliseconds, or a tenth of a second where
    the next items have to be made; other runs are not held up.
    `hold` marks the chunk as being written.
    """
    run = generation.locked(run_id=run_id)
    if run.state == RunState.QUEUED:
        generation.move(actor=SYSTEM, run=run, state=RunState.RUNNING)
    if run.state != RunState.RUNNING:
        return None
    now = timezone.now()
    fit = _next_fit(run)
    if not fit:
        generation.finish_if_done(run=run)
        return None
    for item in fit:
        item.state, item.attempts = ItemState.LEASED, item.attempts + 1
    if hold is not None:
        hold(run_id, fit[0].chunk)
    length = rules.lease_length(
        items=len(fit),
        max_new_tokens=run.max_new_tokens,
        attempts=max(item.attempts for item in fit),
    )
    for item in fit:
        item.leased_until = now + length
    GenerationItem.objects.bulk_update(fit, ["state", "attempts", "leased_until"])
    if run.unmade or _next_chunk(run):
        generation.ring(run_id=run.id)
    return Lease(run_id=run.id, settings=_settings_of(run), wanted=_wanted(run, fit))


def _next_fit(run: GenerationRun) -> list[GenerationItem]:
    """What can be written of the next chunk of which anything can; empty where none is left."""
    while (waiting := _next_chunk(run)) or make_more(run=run):
        if given_up := {item.prompt_id for item in waiting if _give_up(item)}:
            _make_tasks(run, given_up)  # of those whose other responses are all there
        if fit := [item for item in waiting if item.state != ItemState.FAILED]:
            return fit
    return []


def _next_chunk(run: GenerationRun) -> list[GenerationItem]:
    waiting = GenerationItem.objects.filter(queries.waiting(now=timezone.now()), run=run)
    first = waiting.order_by("chunk", "id").values_list("chunk", flat=True).first()
    if first is None:
        return []
    return list(waiting.filter(chunk=first).select_related("prompt").order_by("id"))


def _give_up(item: GenerationItem) -> bool:
    """Fail an item that must not or cannot be written any more."""
    if item.prompt.withdrawn_at:
        item.error = "This prompt was pulled."
    elif item.attempts >= rules.MOST_ATTEMPTS:
        item.error = f"The worker stopped {item.attempts} times while it wrote this."
    else:
        return False
    item.state, item.leased_until = ItemState.FAILED, None
    item.save(update_fields=["state", "leased_until", "error"])
    return True


def _settings_of(run: GenerationRun) -> rules.Settings:
    return rules.Settings(
        samples=run.samples,
        temperature=run.temperature,
        max_new_tokens=run.max_new_tokens,
        batch_size=run.batch_size,
        seed=run.seed,
        system_message=run.system_message,
    )


def _wanted(run: GenerationRun, items: Sequence[GenerationItem]) -> list[Wanted]:
    taken: dict[uuid.UUID, set[str]] = defaultdict(set)
    written = GenerationItem.objects.filter(
        run=run, state=ItemState.DONE, prompt_id__in={item.prompt_id for item in items}
    )
    for prompt_id, digest in written.values_list("prompt_id", "response__text_hash"):
        taken[prompt_id].add(str(digest))
    return [
        Wanted(
            item_id=item.id,
            attempts=item.attempts,
            prompt_key=item.prompt.external_id,
            prompt_version=item.prompt_version,
            sample=item.sample,
            messages=item.prompt.messages,
            made_again=item.made_again,
            taken=frozenset(taken[item.prompt_id]),
        )
        for item in items
    ]


@transaction.atomic
def save_chunk(*, lease: Lease, drafts: Sequence[Draft]) -> bool:
    """Keep what was written, once; False where the lease is no longer ours, and nothing is kept."""
    run = generation.locked(run_id=lease.run_id)
    attempts = {w.item_id: w.attempts for w in lease.wanted}
    held = GenerationItem.objects.select_for_update(no_key=True, of=("self",)).filter(
        id__in=attempts, state=ItemState.LEASED
    )
    items = {
        item.id: item
        for item in held.select_related("prompt").order_by("id")
        if item.attempts == attempts[item.id]
    }
    if run.state != RunState.RUNNING or len(items) != len(lease.wanted):
        log.info("generation run %s: a chunk came too late and was thrown away", run.id)
        return False
    _keep(run, [(items[draft.item_id], draft) for draft in drafts])
    _make_tasks(run, {item.prompt_id for item in items.values()})
    generation.finish_if_done(run=run)
    return True


def _keep(run: GenerationRun, written: Sequence[tuple[GenerationItem, Draft]]) -> None:
    source = versions.source_of(study=run.study, version=run.model_version)
    fine = [(item, draft) for item, draft in written if not draft.error]
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
            for item, draft in fine
        ],
    )
    now = timezone.now()
    for (item, _), response in zip(fine, responses, strict=True):
        item.response, item.done_at = response, now
    for item, draft in written:
        item.state = ItemState.FAILED if draft.error else ItemState.DONE
        item.leased_until, item.seed, item.error = None, draft.seed, draft.error
        item.finish_reason, item.tokens = draft.finish_reason, draft.tokens
        item.latency_ms, item.made_again = draft.latency_ms, draft.made_again
    GenerationItem.objects.bulk_update(
        [item for item, _ in written],
        WRITTEN,
    )


def _make_tasks(run: GenerationRun, asked: set[uuid.UUID]) -> None:
    """Each prompt whose responses are all there becomes a task of the run's round."""
    if run.round_id is None:
        return
    round = locked_round(round_id=run.round_id)
    if round.state == RoundState.CLOSED:
        return
    waiting = GenerationItem.objects.filter(
        run=run, prompt_id__in=asked, state__in=[ItemState.PENDING, ItemState.LEASED]
    )
    there = Task.objects.filter(round=round, prompt_id__in=asked)
    not_now = {
        *waiting.values_list("prompt_id", flat=True),
        *there.values_list("prompt_id", flat=True),
    }
    written = Response.objects.in_use().filter(
        generation_item__run=run, prompt_id__in=asked - not_now
    )
    by_prompt: dict[uuid.UUID, dict[str, Response]] = defaultdict(dict)
    for response in written.order_by("generation_item__sample"):
        by_prompt[response.prompt_id].setdefault(text_hash(response.text), response)
    items = [
        (prompt, list(by_prompt[prompt.id].values()))
        for prompt in Prompt.objects.in_use().filter(id__in=by_prompt)
        if len(by_prompt[prompt.id]) > 1
    ]
    if items:
        made = add_tasks(actor=SYSTEM, round=round, items=items)
        GenerationRun.objects.filter(id=run.id).update(tasks_made=F("tasks_made") + len(made))
