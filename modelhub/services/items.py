"""Making the items of a generation run: one statement, however many prompts there are."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from annotations.models import Prompt
from modelhub.models import GenerationRun
from modelhub.rules.generation import first_chunk
from modelhub.rules.states import ItemState

MAKE = """
    INSERT INTO modelhub_generationitem (run_id, prompt_id, prompt_version, sample, length, chunk,
      state, attempts, finish_reason, tokens, latency_ms, made_again, error)
    SELECT %s, id, version, sample, length,
      CASE WHEN place < %s THEN 0 ELSE 1 + (place - %s) / %s END, %s, 0, '', 0, 0, 0, ''
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


def make_items(*, run: GenerationRun, prompts: QuerySet[Prompt]) -> int:
    """Rows sorted by length, so that one batch pads little; a chunk's items never change.

    How many were made.
    """
    chosen, parameters = prompts.order_by().values("id").query.sql_with_params()
    first = first_chunk(samples=run.samples, batch_size=run.batch_size)
    values = [run.id, first, first, run.batch_size, ItemState.PENDING, *parameters, run.samples]
    with connection.cursor() as cursor:
        cursor.execute(MAKE.format(chosen=chosen), values)
        return cursor.rowcount
