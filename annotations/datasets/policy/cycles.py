"""Votes on one prompt that contradict each other: a before b, b before c, and c before a.

No order of the responses agrees with all pairs of a cycle, so none of them becomes a preference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from annotations.datasets.policy.consensus import HALF, pooled
from annotations.datasets.policy.pairs import Pair
from annotations.datasets.policy.snapshot import JudgedPrompt
from annotations.rules.texts import text_hash


def find_cycles(preferred: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Text → number of its cycle, for each text in a cycle; takes (preferred, to which) pairs.

    A cycle is a strongly connected component of at least two texts: along what is preferred, each
    text leads to every other.
    """
    worse_than: dict[str, set[str]] = {}
    for better, worse in preferred:
        worse_than.setdefault(better, set()).add(worse)
    reachable = {text: _reachable_from(text, worse_than) for text in worse_than}
    cycles: dict[str, int] = {}
    for text in worse_than:
        if text in reachable[text] and text not in cycles:
            cycle = {other for other in reachable[text] if text in reachable.get(other, ())}
            cycles |= dict.fromkeys(cycle, len(cycles))
    return cycles


def _reachable_from(text: str, worse_than: Mapping[str, set[str]]) -> set[str]:
    """Every text that a text leads to."""
    reached: set[str] = set()
    pending = [text]
    while pending:
        for other in worse_than.get(pending.pop(), ()):
            if other not in reached:
                reached.add(other)
                pending.append(other)
    return reached


def pairs_in_cycles(pairs: Collection[Pair], judged_prompt: JudgedPrompt) -> set[tuple[str, str]]:
    """The pairs, as (first, second), whose pooled preference is part of a cycle.

    Responses with the same text are one: no order agrees with both a preference and its opposite.
    """
    if len(pairs) < 2:  # one pair cannot contradict itself
        return set()
    responses = judged_prompt.responses
    ids = {response_id for pair in pairs for response_id in (pair.first, pair.second)}
    keys = {response_id: text_hash(responses[response_id].text) for response_id in ids}
    preferred = []
    for pair in pairs:
        first, second, lean = keys[pair.first], keys[pair.second], _lean(pair)
        if lean and first != second:
            preferred.append((first, second) if lean > 0 else (second, first))
    cycles = find_cycles(preferred)
    return {
        (pair.first, pair.second)
        for pair in pairs
        if keys[pair.first] in cycles and cycles[keys[pair.first]] == cycles.get(keys[pair.second])
    }


def _lean(pair: Pair) -> Fraction:
    """Above 0 if the pooled votes prefer the first response, below 0 if the second."""
    return pooled(pair.tallies) - HALF if pair.votes else Fraction(0)
