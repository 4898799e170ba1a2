"""Making the items of a generation run, some prompts' at a time.

A run may answer a million prompts: whoever starts it makes the first items, so that a worker
begins at once, and a worker that finds none waiting makes the next. `made_until` moves on in the
transaction that makes them, under the run's lock: a worker that dies costs nothing, none is made
twice, and where a run is cancelled or resumed nothing is to be done. A prompt that is pulled before
its items are made gets none; what the run still has to write is corrected at its last prompt.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from annotations.models import Prompt
from modelhub.models import GenerationRun
from modelhub.queries.generation import prompts_without_items
from modelhub.rules.generation import first_chunk
from modelhub.rules.states import ItemState

BATCH = 500
"""Prompts that get their items in one transaction: a tenth of a second."""
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
    """Make the next items of a locked run; whether there were any to be made."""
    if not run.unmade:
        return False
    found = list(prompts_without_items(run=run).values_list("id", "external_id")[: BATCH + 1])
    now, more = found[:BATCH], len(found) > BATCH
    if now:
        make_items(run=run, prompts=Prompt.objects.filter(id__in=[one for one, _ in now]))
        run.made_until = now[-1][1]
    run.unmade = max(run.unmade - len(now) * run.samples, run.samples) if more else 0
    run.save(update_fields=["made_until", "unmade"])
    return bool(now)


def make_items(*, run: GenerationRun, prompts: QuerySet[Prompt]) -> None:
    """Rows for the next chunks of a run; a chunk's items never change.

    They are sorted by length, so that a chunk pads little: these prompts' alone, which is enough,
    since `BATCH` prompts make many chunks. There are never more chunks than items, so the numbers
    from the run's total on are free.
    """
    chosen, parameters = prompts.order_by().values("id").query.sql_with_params()
    first = first_chunk(samples=run.samples, batch_size=run.batch_size)
    places = [run.total, first, first, run.batch_size]
    values = [run.id, *places, ItemState.PENDING, *parameters, run.samples]
    with connection.cursor() as cursor:
        cursor.execute(MAKE.format(chosen=chosen), values)
    run.refresh_from_db(fields=["total"])
