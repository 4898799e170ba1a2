"""Which response is shown first."""

from __future__ import annotations

import itertools
import random
import uuid

import pytest

from annotations.rules.order import Candidate, balanced_pair, decide

LOW, HIGH = uuid.UUID(int=1), uuid.UUID(int=2)
A = Candidate(uuid.UUID(int=20), LOW)
B = Candidate(uuid.UUID(int=10), HIGH)


@pytest.mark.parametrize(
    ("lead", "left", "propensity", "new_lead"),
    [(-1, A, 1.0, 0), (1, B, 1.0, 0)],
)
@pytest.mark.parametrize("seed", range(5))
def test_an_imbalance_is_undone(
    lead: int, left: Candidate, propensity: float, new_lead: int, seed: int
) -> None:
    decided = decide([A, B], seed=seed, lead=lead)
    assert (decided.ids[0], decided.propensity, decided.lead) == (left.id, propensity, new_lead)


def test_the_order_is_random_if_balanced() -> None:
    lefts = {decide([A, B], seed=seed, lead=0).ids[0] for seed in range(20)}
    assert lefts == {A.id, B.id}
    for seed in range(20):
        decided = decide([A, B], seed=seed, lead=0)
        assert decided.propensity == 0.5
        assert decided.lead == (1 if decided.ids[0] == A.id else -1)
        assert decided == decide([B, A], seed=seed, lead=0)


@pytest.mark.parametrize(
    ("candidates", "pair"),
    [
        ([A, B], (LOW, HIGH)),
        ([B, A], (LOW, HIGH)),
        ([A], None),
        ([A, Candidate(B.id, LOW)], None),
        ([A, B, Candidate(uuid.UUID(int=30), HIGH)], None),
    ],
)
def test_only_pairs_of_two_sources_are_balanced(
    candidates: list[Candidate], pair: tuple[uuid.UUID, uuid.UUID] | None
) -> None:
    assert balanced_pair(candidates) == pair


def test_several_are_shuffled_evenly() -> None:
    three = [Candidate(uuid.UUID(int=n), LOW) for n in range(3)]
    seen = {decide(three, seed=seed, lead=0).ids for seed in range(100)}
    assert seen == set(itertools.permutations([one.id for one in three]))
    decided = decide(three, seed=3, lead=0)
    assert decided.propensity == pytest.approx(1 / 6)
    assert decided.lead == 0
    assert decided == decide(list(reversed(three)), seed=3, lead=0)


def test_one_source_is_never_more_than_one_ahead() -> None:
    """Property: whatever the coins, a model is left at most once more often than right."""
    chance = random.Random(7)
    models = [uuid.UUID(int=n) for n in (5, 6, 7)]
    leads: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
    left_minus_right: dict[tuple[uuid.UUID, uuid.UUID], int] = {}
    for _ in range(600):
        two = [
            Candidate(uuid.UUID(int=chance.getrandbits(60)), m) for m in chance.sample(models, 2)
        ]
        pair = balanced_pair(two)
        assert pair is not None
        decided = decide(two, seed=chance.getrandbits(63), lead=leads.get(pair, 0))
        leads[pair] = decided.lead
        left = next(one.source for one in two if one.id == decided.ids[0])
        left_minus_right[pair] = left_minus_right.get(pair, 0) + (1 if left == pair[0] else -1)
        assert abs(left_minus_right[pair]) <= 1
        assert left_minus_right[pair] == decided.lead
