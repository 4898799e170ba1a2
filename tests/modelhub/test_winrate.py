"""Win rates: what counts as what, and that the interval covers what it claims."""

from __future__ import annotations

import random

import pytest
from scipy import stats

from modelhub.rules.charts import Share, share
from modelhub.rules.winrate import win_rate


def test_a_tie_is_half_a_win() -> None:
    result = win_rate({"p1": [1.0, 0.5], "p2": [0.0, 1.0]})
    assert (result.wins, result.ties, result.losses, result.prompts) == (2, 1, 1, 2)
    assert result.rate == pytest.approx(2.5 / 4)


@pytest.mark.parametrize("scores", [{}, {"p1": []}])
def test_nothing_judged_has_no_rate(scores: dict[str, list[float]]) -> None:
    result = win_rate(scores)
    assert (result.rate, result.low, result.high, result.comparisons) == (None, None, None, 0)


def test_one_prompt_has_a_rate_and_no_interval() -> None:
    result = win_rate({"p1": [1.0, 1.0, 0.0]})
    assert result.rate == pytest.approx(2 / 3)
    assert result.low is None
    assert result.high is None


def test_equal_clusters_reduce_to_students_t_on_their_means() -> None:
    """With as many judgements per prompt everywhere it is the textbook interval on prompt means."""
    scores = {
        "a": [1.0, 1.0, 0.0],
        "b": [0.5, 0.0, 1.0],
        "c": [1.0, 1.0, 1.0],
        "d": [0.0, 0.0, 1.0],
    }
    means = [sum(values) / 3 for values in scores.values()]
    low, high = stats.t.interval(
        0.95, df=len(means) - 1, loc=sum(means) / len(means), scale=stats.sem(means)
    )
    result = win_rate(scores)
    assert result.low == pytest.approx(max(0.0, low))
    assert result.high == pytest.approx(min(1.0, high))


def test_the_interval_stays_between_nothing_and_everything() -> None:
    result = win_rate({"a": [1.0, 1.0], "b": [1.0, 0.0]})
    assert result.low == 0.0
    assert result.high == 1.0


def test_clustered_intervals_cover_where_naive_ones_do_not() -> None:
    """40 prompts judged by 5 people each, with prompts that lean one way: shared statistics.

    Published there: naive Wilson 80-88%, prompt-clustered t 94.6% where 95% is claimed.
    """
    draw = random.Random(20261123)
    rounds, clustered, naive = 600, 0, 0
    for _ in range(rounds):
        scores: dict[int, list[float]] = {}
        for prompt in range(40):
            lean = draw.betavariate(1.2, 1.2)
            scores[prompt] = [float(draw.random() < lean) for _ in range(5)]
        result = win_rate(scores)
        assert result.low is not None
        assert result.high is not None
        clustered += result.low <= 0.5 <= result.high
        wilson = stats.binomtest(result.wins, result.comparisons).proportion_ci(method="wilson")
        naive += bool(wilson.low <= 0.5 <= wilson.high)
    assert 0.925 <= clustered / rounds <= 0.97
    assert naive / rounds < 0.90


@pytest.mark.parametrize(
    ("scores", "leans"),
    [
        ({}, ""),
        ({"a": [1.0]}, ""),
        ({"a": [1.0], "b": [1.0]}, "same"),
        ({"a": [1.0], "b": [0.0]}, ""),
        ({str(n): [1.0] for n in range(30)} | {"x": [0.0]}, "child"),
        ({str(n): [0.0] for n in range(30)} | {"x": [1.0]}, "parent"),
    ],
)
def test_where_it_leans(scores: dict[str, list[float]], leans: str) -> None:
    assert win_rate(scores).leans == leans


def test_a_share_is_drawn_where_it_is() -> None:
    assert share(0.613, 0.55, 0.68) == Share("61.3", "55.0", "13.0")
    assert share(1.0, None, None) == Share("100.0", None, None)
