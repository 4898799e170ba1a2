"""Runs whose items are made in several batches."""

from __future__ import annotations

from collections import Counter

import pytest

from annotations.models import Prompt
from annotations.services.prompts import withdraw_prompt
from codesign.shared.actors import SYSTEM
from codesign.studies.models import Study
from modelhub.models import GenerationRun
from modelhub.queries import generation as queries
from modelhub.rules.generation import Settings
from modelhub.rules.states import RunState
from modelhub.services import generation, items
from tests.factories.modelhub import add_prompts, open_round
from tests.factories.studies import CohortFactory, StudyFactory
from tests.support.generation_runs import claim, claimed, finish, start, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory.create()


ALL = 2 * items.BATCH + 3
"""Prompts: three come with every run here."""


@pytest.fixture
def run(study: Study) -> GenerationRun:
    """A run over more prompts than two batches."""
    add_prompts(study, *(f"What about {number}?" for number in range(ALL - 3)))
    round = open_round(CohortFactory.create(study=study))
    return start(study, prompts=None, round=round, settings=Settings(samples=1, batch_size=64))


def test_a_long_run_gets_its_items_when_a_worker_comes_to_them(run: GenerationRun) -> None:
    assert (run.total, run.to_write) == (items.BATCH, ALL)
    assert queries.how_far(run=run).total == ALL
    assert queries.responses_to_come(study_id=run.study_id) == ALL
    claimed(run)
    generation.cancel_run(actor=SYSTEM, run=run)
    assert claim(run) is None
    assert run.items.count() == items.BATCH
    generation.resume_run(actor=SYSTEM, run=run)
    finish(run)
    assert (run.state, run.total, run.unmade, run.done) == (RunState.DONE, ALL, 0, ALL)
    assert queries.responses_to_come(study_id=run.study_id) == 0
    in_order = list(run.items.order_by("id").values_list("chunk", flat=True))
    assert in_order == sorted(in_order)
    assert max(Counter(in_order).values()) == 64
    assert run.items.values("prompt").distinct().count() == ALL


def test_a_run_does_not_end_while_items_are_to_be_made(run: GenerationRun) -> None:
    while run.done < items.BATCH:
        write(claimed(run))
        run.refresh_from_db()
    assert (run.state, run.total, run.to_write) == (RunState.RUNNING, items.BATCH, ALL)
    assert claim(run)


def test_a_long_run_leaves_out_withdrawn_and_newer_prompts(run: GenerationRun) -> None:
    for prompt in list(queries.prompts_without_items(run=run))[-3:]:
        withdraw_prompt(actor=SYSTEM, prompt=prompt)
    add_prompts(run.study, "After it began", external_id="~")
    finish(run)
    assert (run.state, run.done, run.to_write) == (RunState.DONE, ALL - 3, ALL - 3)
    assert list(queries.runs_miscounted()) == []


def test_fingerprints_of_prompts_differ_and_ignore_their_order(study: Study) -> None:
    first, *rest = add_prompts(study, "One", "Two", "Three")
    there = Prompt.objects.filter(study=study)
    same = [
        there,
        there.order_by("-external_id"),
        there.filter(id__in=[first.id, *(one.id for one in rest)]),
    ]
    assert len({queries.count_and_fingerprint(prompts=prompts) for prompts in same}) == 1
    others = [there, there.exclude(id=first.id), there.filter(id=first.id), there.none()]
    told = [queries.count_and_fingerprint(prompts=prompts) for prompts in others]
    assert [count for count, _ in told] == [3, 2, 1, 0]
    assert len({known_by for _, known_by in told}) == 4
