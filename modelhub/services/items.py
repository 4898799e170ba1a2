"""Makes and moves the items of a generation run.

Items are made in batches, because a run may answer a million prompts.

The request that starts a run makes the first items, so that a worker can begin at once. A worker
that finds no pending items makes the next ones. The same transaction moves `made_until`, with the
run locked: so no item is lost or made twice if a worker dies, and cancelling and resuming need no
special handling. A prompt that is withdrawn before its items are made gets none; the total of the
run is corrected with its last batch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from annotations.models import Prompt, Response
from codesign.shared.transition import machine_of_items, move_items
from modelhub.models import GenerationItem, GenerationRun
from modelhub.queries.generation import prompts_without_items
from modelhub.rules.generation import chunk_size, first_chunk
from modelhub.rules.states import ITEM_STATES, ItemState

if TYPE_CHECKING:
    from modelhub.services.writing import Draft

SAVE = """
    UPDATE modelhub_generationitem item SET state = new.state, seed = new.seed, error = new.error,
      finish_reason = new.finish_reason, tokens = new.tokens, latency_ms = new.latency_ms,
      made_again = new.made_again, response_id = new.response_id, done_at = new.done_at
    FROM jsonb_to_recordset(%s::jsonb) AS new (id bigint, state text, seed bigint, error text,
      finish_reason text, tokens integer, latency_ms integer, made_again smallint,
      response_id uuid, done_at timestamptz)
    WHERE item.id = new.id
"""
"""Django's bulk_update takes 2 ms an item to build its statement, this takes 0.1 ms."""
BATCH = 500
"""Prompts whose items are made in one transaction, which takes a tenth of a second."""
MAKE = """
    INSERT INTO modelhub_generationitem (run_id, prompt_id, prompt_version, sample, length, chunk,
      state, attempts, finish_reason, tokens, latency_ms, made_again, error)
    SELECT %s, id, version, sample, length,
      %s + CASE WHEN place < %s THEN 0 ELSE 1 + (place - %s) / %s END, %s, 0, '', 0, 0, 0, ''
    FROM (
      SELECT id, version, sample, length,
        row_number() OVER (ORDER BY length, external_id COLLATE "C", id, sample) - 1 AS place
      FROM (
        SELECT id, version, external_id, (
          SELECT coalesce(sum(char_length(turn ->> 'content')), 0)
          FROM jsonb_array_elements(messages) turn
        ) AS length
        FROM annotations_prompt WHERE id IN ({chosen})
      ) sized, generate_series(0, %s - 1) sample
    ) placed
    ORDER BY place
"""


def make_more(*, run: GenerationRun) -> bool:
    """Make the next items of a locked run; return whether any were made."""
    if not run.unmade:
        return False
    prompts = list(prompts_without_items(run=run).values_list("id", "external_id")[: BATCH + 1])
    batch, more = prompts[:BATCH], len(prompts) > BATCH
    if batch:
        make_items(run=run, prompts=Prompt.objects.filter(id__in=[id_ for id_, _name in batch]))
        run.made_until = batch[-1][1]
    run.unmade = max(run.unmade - len(batch) * run.samples, run.samples) if more else 0
    run.save(update_fields=["made_until", "unmade"])
    return bool(batch)


def make_items(*, run: GenerationRun, prompts: QuerySet[Prompt]) -> None:
    """Insert the items of some prompts as the next chunks of a run. Chunks never change later.

    Items of the batch are sorted by length, so that a chunk needs little padding. There are never
    more chunks than items, so chunk numbers from the run's total on are unused.
    """
    chosen, parameters = prompts.order_by().values("id").query.sql_with_params()
    size = chunk_size(batch_size=run.batch_size, kind=run.model_version.kind)
    first = first_chunk(samples=run.samples, batch_size=run.batch_size)
    places = [run.total, first, first, size]
    values = [run.id, *places, ItemState.PENDING, *parameters, run.samples]
    with connection.cursor() as cursor:
        cursor.execute(MAKE.format(chosen=chosen), values)
    run.refresh_from_db(fields=["total"])


machine_of_items(
    GenerationItem, ITEM_STATES, module=__name__, logged_by="the job of the generation run"
)


def give_up(*, item: GenerationItem, error: str) -> None:
    """Fail a pending item of a locked run."""
    pending = GenerationItem.objects.filter(id=item.id)
    move_items(pending, old=ItemState.PENDING, to=ItemState.FAILED, error=error)


def retry_failed(*, run: GenerationRun) -> None:
    """Offer the failed items of a locked run again, and count the attempts of all anew."""
    failed = GenerationItem.objects.filter(run=run)
    failed.filter(state=ItemState.PENDING).update(attempts=0)
    move_items(failed, old=ItemState.FAILED, to=ItemState.PENDING, attempts=0, error="")


def save_written(
    *,
    written: Sequence[tuple[GenerationItem, Draft]],
    responses: Sequence[Response],
) -> None:
    """Save what was written for pending items of a locked run, in one statement.

    `responses` are those of the items that succeeded, in their order.
    """
    now, remaining = timezone.now().isoformat(), iter(responses)
    rows = []
    for item, draft in written:
        row = {**asdict(draft), "id": item.id, "response_id": None, "done_at": None}
        row["state"] = ItemState.FAILED if draft.error else ItemState.DONE
        if not draft.error:
            row |= {"response_id": str(next(remaining).id), "done_at": now}
        rows.append(row)
    with connection.cursor() as cursor:
        cursor.execute(SAVE, [json.dumps(rows)])
