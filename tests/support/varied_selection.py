"""A fixed selection in which every rule of a release applies at least once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from annotations.datasets.plumbing.selection import Selection
from annotations.datasets.policy.snapshot import (
    FlagSnapshot,
    JudgementSnapshot,
    PromptSnapshot,
    ResponseSnapshot,
    RewriteSnapshot,
    Thresholds,
)
from annotations.registry import ModelName
from tests.support.snapshots import judgement, prompt, response, selection

PROMPTS = 120
PEOPLE = [*(f"lived-{n}" for n in range(5)), *(f"clinical-{n}" for n in range(4))]
MODELS = [ModelName("model-1", "Small model"), ModelName("model-2", "Large model"), ModelName()]
WITHOUT_CONSENT = {"lived-4", "clinical-3"}
REWRITE_STATES = ("accepted", "accepted", "accepted", "pending", "held_back")
FLAG_STATES = ("dismissed", "upheld", "reported", "triaged")
HAS_PERSONAL_DATA = "Call me on 07700 900123"


def varied_selection(*, whole: type[float] = float) -> Selection:
    """Nine people in two cohorts on 120 prompts with two to four responses each.

    `whole` is the type of a propensity of 1; `int` is what PostgreSQL's JSON has.
    """
    prompts = [_prompt(n) for n in range(PROMPTS)]
    responses = [r for n, one in enumerate(prompts) for r in _responses(n, one)]
    judgements = [
        _judgement(n, number, prompts[n], [r.id for r in responses if r.prompt_id == prompts[n].id])
        for n in range(PROMPTS)
        for number in range(len(PEOPLE))
        if _mixed(n, number, 1) % 4
    ]
    judgements = [
        one._replace(propensity=whole(1)) if one.propensity == 1 else one for one in judgements
    ]
    chosen = selection(
        judgements,
        prompts=prompts,
        responses=responses,
        rewrites=_rewrites(judgements, responses),
        flags=_flags(judgements),
        granting=set(PEOPLE) - WITHOUT_CONSENT,
    )
    return replace(chosen, thresholds=Thresholds(p=0.6, margin=0.1))


def personal_data_in(texts: Any) -> frozenset[str]:
    """Those of the texts that hold the made-up telephone number."""
    return frozenset(text for text in texts if HAS_PERSONAL_DATA in text)


def _mixed(*numbers: int) -> int:
    """A number that depends on all of the numbers, the same on every machine."""
    return int.from_bytes(hashlib.sha256(repr(numbers).encode()).digest()[:4])


def _prompt(n: int) -> PromptSnapshot:
    return prompt(
        f"p{n:03}",
        messages=[{"role": "user", "content": f"Question {n}: “why” ☂?\nSecond line"}],
        category=("education", "assessment", "intervention")[n % 3],
        topics=["sleep", "anxiety"] if n % 2 else [],
        intensity=1 + n % 3,
        language=("en", "de")[n % 5 == 0],
        held_out=n % 17 == 5,
        split_group=f"group-{5 if n % 17 == 6 else n}",
        withdrawn=n % 19 == 7,
        uncleared=n % 23 == 8,
    )


def _responses(n: int, prompt: PromptSnapshot) -> list[ResponseSnapshot]:
    responses = []
    for place in range(2 + n % 3):
        text = f"Reply {place} to {n}. " + "Breathe in. " * (_mixed(n, place) % 4)
        if place and n % 11 == 3:
            text = f"reply 0  to {n}. " + "Breathe in. " * (_mixed(n, 0) % 4)
        responses.append(
            response(
                f"{prompt.id}-{place}",
                prompt.id,
                text=text,
                origin=("ai", "human")[_mixed(n, place) % 7 == 0],
                withdrawn=_mixed(n, place, 2) % 29 == 0,
                uncleared=_mixed(n, place, 3) % 31 == 0,
                model=MODELS[place % 3],
            )
        )
    return responses


def _judgement(n: int, number: int, prompt: PromptSnapshot, ids: list[str]) -> JudgementSnapshot:
    person = PEOPLE[number]
    shown = ids[_mixed(n, number) % len(ids) :] + ids[: _mixed(n, number) % len(ids)]
    all_harmful = _mixed(n, number, 4) % 13 == 0 and n % 4 == 0
    if n % 9 == 4:  # the cohorts disagree
        order = ids if person.startswith("lived") else ids[::-1]
    elif n % 9 in (2, 6):  # the votes form a cycle
        order = ids[number % len(ids) :] + ids[: number % len(ids)]
    else:
        order = sorted(ids, key=lambda one: _mixed(n, number // 2, ids.index(one)))
    groups = [[one] for one in order]
    if _mixed(n, number, 5) % 5 == 0:
        groups = [sorted(order[:2]), *groups[2:]]
    score = 1 + (_mixed(n, 6) + _mixed(n, number, 7) % 2) % 5
    return judgement(
        person,
        [] if all_harmful else groups,
        id=f"judgement {n:03}-{number}",
        prompt_id=prompt.id,
        round_id=f"round-{n % 2}",
        round_kind="evaluation" if _mixed(n, number, 8) % 37 == 0 else "judging",
        record_withdrawn=_mixed(n, number, 9) % 41 == 0,
        consent_version=1 + number % 2,
        order_shown=shown,
        propensity=1 / (1 + n % 4),
        strength=None if number % 4 == 0 else 1 + _mixed(n, number, 10) % 3,
        all_harmful=all_harmful,
        ratings=[
            {"response": one, "criterion": criterion, "score": score}
            for one in shown
            for criterion in ("heard", "calm", "without a scale")
            if _mixed(n, number, 11) % 3
        ],
        highlights=[{"response": shown[0], "start": 0, "end": 5, "label": "warm", "comment": "-"}]
        if _mixed(n, number, 12) % 6 == 0
        else [],
        turn_ratings=[{"turn": 1, "criterion": "heard", "score": score}] if n % 6 == 1 else None,
        active_ms=1_000 + _mixed(n, number) % 100_000,
        example=_mixed(n, number, 13) % 50 == 0,
        pay_check="held" if _mixed(n, number, 14) % 43 == 0 else "",
        day=f"2026-11-{1 + _mixed(n, number, 15) % 30:02}",
    )


def _rewrites(
    judgements: list[JudgementSnapshot], responses: list[ResponseSnapshot]
) -> list[RewriteSnapshot]:
    originals = {response.id: response.text for response in responses}
    rewrites = []
    for place, judged in enumerate(judgements):
        if _mixed(place, 1) % 5:
            continue
        response_id = judged.order_shown[0]
        texts = (
            f"A kinder reply ☂, number {place}",
            f"A kinder reply to {response_id}",
            originals[response_id].upper(),
            f"{HAS_PERSONAL_DATA}, number {place}",
        )
        state = REWRITE_STATES[_mixed(place, 2) % 5]
        rewrites.append(RewriteSnapshot(judged.id, response_id, texts[_mixed(place, 3) % 4], state))
    return rewrites


def _flags(judgements: list[JudgementSnapshot]) -> list[FlagSnapshot]:
    return [
        FlagSnapshot(judged.id, judged.order_shown[-1], "sycophancy", 1 + place % 3, state)
        for place, judged in enumerate(judgements)
        if _mixed(place, 4) % 23 == 0
        for state in [FLAG_STATES[_mixed(place, 5) % 4]]
    ]
