"""Which replies a task shows where a prompt has more than six: drawn evenly, and repeatable."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest

from annotations.models import Response, Task
from annotations.rules.drawing import MOST_REPLIES, Candidate, draw
from annotations.rules.states import RoundKind
from annotations.services import rounds
from codesign.audit.models import Event
from codesign.compensation.models import PayRate
from codesign.shared.actors import SYSTEM
from tests.factories.annotations import (
    PromptFactory,
    ResponseFactory,
    judge,
    judging_round,
    lease,
)

SOURCES = [uuid.UUID(int=number) for number in range(1, 9)]


def candidates(*sources: uuid.UUID, asked: int = 0) -> list[Candidate]:
    return [Candidate(id=uuid.uuid4(), source=source, asked=asked) for source in sources]


def shown_by_source(prompts: list[list[Candidate]], seed: str = "seed") -> Counter[uuid.UUID]:
    of = {one.id: one.source for prompt in prompts for one in prompt}
    return Counter(of[id] for ids in draw(prompts, seed=seed) for id in ids)


def test_every_model_is_shown_equally_often() -> None:
    prompts = [candidates(*SOURCES[:7]) for _ in range(140)]
    counts = shown_by_source(prompts)
    assert counts.total() == 140 * MOST_REPLIES
    assert set(counts.values()) == {120}


def test_a_model_that_answered_more_often_is_not_shown_more_often() -> None:
    """Of 49 replies 42 are one model's: it has one place in six, as the others have."""
    prompts = [candidates(*SOURCES[:1] * 42, *SOURCES[1:8]) for _ in range(70)]
    counts = shown_by_source(prompts)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_model_that_answered_few_prompts_is_shown_wherever_it_did() -> None:
    prompts = [candidates(*SOURCES[:6]) for _ in range(60)]
    rare = [candidates(*SOURCES[:6], SOURCES[7]) for _ in range(20)]
    assert shown_by_source(prompts + rare)[SOURCES[7]] == 20


def test_within_a_prompt_models_come_before_second_replies_of_one() -> None:
    prompt = candidates(*SOURCES[:1] * 9, SOURCES[1], SOURCES[2])
    of = {one.id: one.source for one in prompt}
    for seed in range(20):
        [ids] = draw([prompt], seed=str(seed))
        assert Counter(of[id] for id in ids) == {SOURCES[0]: 4, SOURCES[1]: 1, SOURCES[2]: 1}


def test_each_reply_has_the_same_chance() -> None:
    prompt = candidates(*SOURCES[:1] * 8)
    counts = Counter(id for seed in range(2000) for id in draw([prompt], seed=str(seed))[0])
    assert len(counts) == 8
    assert all(abs(n - 1500) < 110 for n in counts.values())  # more than five standard errors


def test_replies_that_were_not_shown_come_first() -> None:
    old, new = candidates(*SOURCES[:4], asked=1), candidates(*SOURCES[:3])
    [ids] = draw([old + new], seed="seed")
    assert {one.id for one in new} < set(ids)


def test_the_same_seed_gives_the_same_choice_and_few_replies_stay_as_they_are() -> None:
    prompts = [candidates(*SOURCES) for _ in range(30)]
    assert draw(prompts, seed="a") == draw(prompts, seed="a") != draw(prompts, seed="b")
    six = candidates(*SOURCES[:6])
    assert draw([six], seed="a") == [[one.id for one in six]]
    assert draw([], seed="a") == []


@pytest.mark.django_db
def test_no_way_into_a_round_makes_a_task_of_more_than_six() -> None:
    """An earlier version made tasks of up to 49 responses for the pay of two."""
    member = judge()
    made = judging_round(member.cohort, tasks=0)
    prompt = PromptFactory.create(study=made.study)
    replies = [ResponseFactory.create(prompt=prompt, source=SOURCES[n % 7]) for n in range(49)]
    (task,) = rounds.add_tasks(actor=SYSTEM, round=made, items=[(prompt, replies)])
    assert (task.responses.count(), task.drawn_from) == (6, 49)
    assert Response.objects.filter(prompt=prompt).count() == 49  # the others stay
    added = Event.objects.filter(action="annotations.tasks_added").latest("id")
    assert added.data == {"tasks": 1, "drawn": 1}
    held = lease(member)
    assert len(held.order_shown) == 6
    assert held.amount_minor == 3 * PayRate.objects.get().amount_minor


@pytest.mark.django_db
def test_up_to_six_replies_are_all_shown() -> None:
    member = judge()
    for kind in (RoundKind.JUDGING, RoundKind.EVALUATION):
        made = judging_round(member.cohort, sources=SOURCES[:6], kind=kind)
        task = Task.objects.get(round=made)
        assert (task.responses.count(), task.drawn_from) == (6, None)
