"""Win rates, and the coverage of their intervals."""

from __future__ import annotations

import random

import pytest
from scipy import stats

from codesign.shared.templatetags import codesign
from modelhub.rules.charts import Share, share
from modelhub.rules.winrate import exact_interval, win_rate


def test_a_tie_is_half_a_win() -> None:
    result = win_rate({"p1": [1.0, 0.5], "p2": [0.0, 1.0]})
    assert (result.wins, result.ties, result.losses, result.prompts) == (2, 1, 1, 2)
    assert result.rate == pytest.approx(2.5 / 4)


@pytest.mark.parametrize("scores", [{}, {"p1": []}])
def test_without_judgements_there_is_no_win_rate(scores: dict[str, list[float]]) -> None:
    result = win_rate(scores)
    assert (result.rate, result.low, result.high, result.comparisons) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("won", "of", "low", "high"),
    [
        (12, 12, 0.7354, 1.0),  # (α/2) to the power of 1/n
        (0, 12, 0.0, 0.2646),
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),  # both are proportions of Newcombe (1998), table I
    ],
)
def test_exact_intervals_are_the_published_ones(won: int, of: int, low: float, high: float) -> None:
    interval = exact_interval(rate=won / of, n=of)
    assert interval == pytest.approx((low, high), abs=5e-5)
    known = stats.binomtest(won, of).proportion_ci(method="exact")
    assert interval == pytest.approx((known.low, known.high))


@pytest.mark.parametrize("raters", [1, 5])
def test_a_unanimous_result_counts_each_prompt_once(raters: int) -> None:
    """“Between 100% and 100%” would claim certainty after a few prompts."""
    won = win_rate({n: [1.0] * raters for n in range(12)})
    assert won.low == pytest.approx(0.7354, abs=1e-4)
    assert won.high == 1.0
    lost = win_rate({n: [0.0] * raters for n in range(12)})
    assert lost.low == 0.0
    assert lost.high == pytest.approx(0.2646, abs=1e-4)
    tied = win_rate({n: [0.5] * raters for n in range(12)})
    assert tied.low == pytest.approx(1 - (tied.high or 0))
    assert tied.low == pytest.approx(0.2109, abs=1e-4)


def test_a_single_prompt_gives_a_very_wide_interval() -> None:
    result = win_rate({"p1": [1.0, 1.0, 1.0, 1.0, 1.0]})
    assert result.low == pytest.approx(0.025)
    assert result.high == 1.0


def test_raters_who_always_agree_count_as_one_per_prompt() -> None:
    alone = win_rate({n: [float(n % 4 > 0)] for n in range(40)})
    agreed = win_rate({n: [float(n % 4 > 0)] * 5 for n in range(40)})
    assert (agreed.low, agreed.high) == pytest.approx((alone.low, alone.high), abs=0.005)
    assert agreed.low is not None
    exact = stats.binomtest(30, 40).proportion_ci(method="exact")
    assert agreed.low == pytest.approx(exact.low, abs=0.02)


def test_the_interval_stays_between_0_and_1() -> None:
    result = win_rate({"a": [1.0, 1.0], "b": [1.0, 0.0]})
    assert result.low is not None
    assert result.high is not None
    assert 0 <= result.low < 0.75 < result.high <= 1


@pytest.mark.parametrize("true", [0.5, 0.8, 0.95, 0.99, 1.0])
def test_intervals_have_their_nominal_coverage(true: float) -> None:
    """40 prompts judged by 5 people each, who agree within a prompt (correlation 0.3)."""
    draw = random.Random(20261123)
    rounds, covered, naive, wide = 500, 0, 0, 0
    for _ in range(rounds):
        result = win_rate({prompt: leaning(draw, true) for prompt in range(40)})
        assert result.low is not None
        assert result.high is not None
        covered += result.low <= true <= result.high
        wide += result.high > result.low
        wilson = stats.binomtest(result.wins, result.comparisons).proportion_ci(method="wilson")
        naive += bool(wilson.low <= true <= wilson.high)
    assert covered / rounds >= 0.93
    assert wide == rounds
    assert true == 1 or naive / rounds < 0.92


def leaning(draw: random.Random, true: float) -> list[float]:
    """Scores of five people on one prompt, drawn from a beta-binomial distribution."""
    spread = 1 / 0.3 - 1
    lean = true if true == 1 else draw.betavariate(true * spread, (1 - true) * spread)
    return [float(draw.random() < lean) for _ in range(5)]


@pytest.mark.parametrize(
    ("scores", "leans"),
    [
        ({}, ""),
        ({"a": [1.0]}, ""),
        ({"a": [1.0], "b": [1.0]}, ""),
        ({str(n): [1.0] for n in range(6)}, "child"),
        ({"a": [1.0], "b": [0.0]}, ""),
        ({str(n): [1.0] for n in range(30)} | {"x": [0.0]}, "child"),
        ({str(n): [0.0] for n in range(30)} | {"x": [1.0]}, "parent"),
    ],
)
def test_leans_names_the_preferred_side(scores: dict[str, list[float]], leans: str) -> None:
    assert win_rate(scores).leans == leans


def test_a_share_has_its_position_on_the_axis() -> None:
    assert share(0.613, 0.55, 0.68) == Share("61.3", "55.0", "13.0")


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.0, "0%"),
        (0.0004, "0.1%"),
        (0.613, "61%"),
        (0.9982, "99.8%"),
        (0.9999, "99.9%"),
        (1, "100%"),
    ],
)
def test_a_share_is_0_or_100_percent_only_if_exact(rate: float, words: str) -> None:
    assert codesign.share(rate) == words
