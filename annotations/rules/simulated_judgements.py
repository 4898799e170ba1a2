"""Simulated judgements, to try out releases and training. They are marked as examples.

Each response has a hidden quality, to which each person adds some noise, so that people mostly
agree. The same people, prompts and texts give the same answers.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from annotations.rules.scales import Condition, only_asked
from annotations.rules.states import Ask, FlagState, Harm, RewriteState

NONE: Mapping[str, Condition] = {}
NOISE = 0.45
TIE = 0.2
"""Two responses closer than this count as equal."""
REWRITES, FLAGS, ALL_HARMFUL = 0.2, 0.06, 0.15
"""Shares of judgements; `ALL_HARMFUL` is a share of those in which no response is good."""
COMMENT = "Example, made by a program."
HARMS = (Harm.IGNORES_CONTEXT, Harm.POOR_COLLABORATION, Harm.DIAGNOSING, Harm.SYCOPHANCY)
_OPENINGS = (
    "That sounds heavy, and it makes sense that it is on your mind.",
    "Thank you for putting this into words. It is a lot to carry.",
    "I can hear how much this has been asking of you.",
    "What you describe would wear anybody down.",
    "It is no wonder that you feel this way just now.",
)
_STEPS = (
    "If it helps, pick one small thing for today, such as a short walk or a glass of water.",
    "You might tell one person you trust what you have told me, in as few words as you like.",
    "Some people find it easier to write down what is hardest and bring it to their doctor.",
    "It may help to notice when it eases, even a little, and what was different then.",
    "You could ask your surgery what support there is near you; you need not have it all sorted.",
)
_ENDINGS = (
    "What would feel possible to you? You choose the pace.",
    "You do not have to solve all of it today.",
    "If it ever gets too much, please reach somebody you trust or a crisis line straight away.",
    "What has helped before, even for a short while?",
    "I am glad you said something.",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A response as shown: its id, and the hash of its text, which every installation shares."""

    id: str
    text_hash: str


def answers(
    *,
    person: str,
    prompt: str,
    responses: Sequence[Shown],
    scales: Mapping[str, tuple[int, int]],
    asks: Sequence[str],
    conditions: Mapping[str, Condition] = NONE,
    turns: Sequence[int] = (),
    each_turn: Collection[str] = (),
) -> dict[str, Any]:
    """Return a submission by `person` (any stable name) for `prompt` (its external id)."""
    luck = _luck(person, prompt)
    quality = {
        shown.id: _luck(prompt, shown.text_hash).gauss(0, 1) + luck.gauss(0, NOISE)
        for shown in sorted(responses, key=lambda shown: shown.text_hash)
    }
    best_first = sorted(quality, key=lambda id: -quality[id])
    worst = best_first[-1]
    body: dict[str, Any] = {"comment": COMMENT, "active_seconds": luck.randint(40, 240)}
    if Ask.RATING in asks:
        ratings = _ratings(quality, best_first, scales, luck)
        body["ratings"] = only_asked(ratings, list(scales), conditions)
        if of_turns := _of_turns(turns, each_turn, scales, luck):
            body["turn_ratings"] = only_asked(of_turns, list(scales), conditions, about="turn")
    if Ask.RANKING in asks:
        body |= _ranking(quality, best_first, luck)
    if Ask.REWRITE in asks and luck.random() < REWRITES:
        text = " ".join(luck.choice(part) for part in (_OPENINGS, _STEPS, _ENDINGS))
        body["rewrites"] = [{"response": worst, "text": text}]
    if Ask.FLAG in asks and luck.random() < FLAGS:
        body["flags"] = [
            {
                "response": worst,
                "harm": luck.choice(HARMS),
                "severity": luck.randint(1, 2),
                "note": COMMENT,
            }
        ]
    return body


def _luck(*parts: str) -> random.Random:
    """Return a generator that gives the same numbers for the same parts."""
    return random.Random("\x1f".join(("example", *parts)))  # noqa: S311


def _score(quality: float, low: int, high: int, luck: random.Random) -> int:
    middle, reach = (low + high) / 2, (high - low) / 4
    return min(high, max(low, round(middle + reach * quality + luck.gauss(0, reach / 3))))


def _ratings(
    quality: Mapping[str, float],
    best_first: Sequence[str],
    scales: Mapping[str, tuple[int, int]],
    luck: random.Random,
) -> list[dict[str, Any]]:
    return [
        {"response": id, "criterion": key, "score": _score(quality[id], low, high, luck)}
        for id in best_first
        for key, (low, high) in sorted(scales.items())
    ]


def _of_turns(
    turns: Sequence[int],
    each_turn: Collection[str],
    scales: Mapping[str, tuple[int, int]],
    luck: random.Random,
) -> list[dict[str, Any]]:
    return [
        {"turn": turn, "criterion": key, "score": _score(luck.gauss(0, 1), low, high, luck)}
        for turn in turns
        for key, (low, high) in sorted(scales.items())
        if key in each_turn
    ]


def _ranking(
    quality: Mapping[str, float], best_first: Sequence[str], luck: random.Random
) -> dict[str, Any]:
    if max(quality.values()) < -0.5 and luck.random() < ALL_HARMFUL:
        return {"all_harmful": True}
    groups = [[best_first[0]]]
    for before, id in pairwise(best_first):
        if quality[before] - quality[id] < TIE:
            groups[-1].append(id)
        else:
            groups.append([id])
    if len(best_first) != 2 or len(groups) != 2:
        return {"ranking": groups}
    apart = quality[best_first[0]] - quality[best_first[1]]
    return {"ranking": groups, "strength": 1 if apart < 0.8 else 2 if apart < 1.8 else 3}


def review_of_rewrite(text: str) -> RewriteState:
    """Accept most, hold some back, and leave some for people to try the review."""
    draw = _luck("rewrite", text).random()
    if draw < 0.8:
        return RewriteState.ACCEPTED
    return RewriteState.HELD_BACK if draw < 0.9 else RewriteState.PENDING


def review_of_flag(response_hash: str, harm: str) -> FlagState:
    """Uphold some, dismiss some and leave some open."""
    draw = _luck("flag", response_hash, harm).random()
    if draw < 0.4:
        return FlagState.UPHELD
    return FlagState.DISMISSED if draw < 0.8 else FlagState.REPORTED
