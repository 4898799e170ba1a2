"""A run and an import add prompts to a round while another process fills it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from annotations.models import Prompt, Round, Task
from annotations.services.rounds import add_tasks
from codesign.shared.actors import SYSTEM
from modelhub.rules.row_reading import rows_of
from modelhub.services.imports import import_rows
from tests.factories.annotations import ResponseFactory
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory
from tests.support.generation_runs import claimed, start, write
from tests.support.running import eventually
from tests.support.together import LONGEST, closing, somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "I cannot sleep."


def a_chunk(round: Round, prompt: Prompt) -> Callable[[], Any]:
    work = claimed(start(round.study, prompts=[prompt], round=round))
    return lambda: write(work)


def an_import(round: Round, prompt: Prompt) -> Callable[[], Any]:
    row = {"prompt": TEXT, "external_id": prompt.external_id, "responses": ["New."]}
    return lambda: import_rows(actor=SYSTEM, study=round.study, rows=rows_of([row]))


@pytest.mark.parametrize(("bring", "after"), [(a_chunk, 4), (an_import, 3)])
def test_prompts_added_to_a_round_concurrently_have_one_task(
    bring: Callable[[Round, Prompt], Callable[[], Any]],
    after: int,
) -> None:
    round = open_round(CohortFactory.create())
    [prompt] = add_prompts(round.study, TEXT)
    older = [ResponseFactory.create(prompt=prompt, text=text) for text in ("One.", "Two.")]
    job = bring(round, prompt)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            add_tasks(actor=SYSTEM, round=round, items=[(prompt, older)])
            running = pool.submit(closing, job)
            eventually(lambda: somebody_waits() or running.done())
        running.result(LONGEST)
    assert Task.objects.get(round=round).prompt == prompt
    assert prompt.responses.count() == after
