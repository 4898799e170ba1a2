"""Configs `sft` and the rewriting part of `preference`: what somebody would rather have read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from annotations.datasets.pairs import Record, message, meta
from annotations.datasets.screening import Screening
from annotations.datasets.snapshot import JudgementFact, Keys, Part, ResponseFact, RewriteFact
from annotations.rules.releases import Dropped
from annotations.rules.states import RewriteState
from annotations.rules.text_kinds import Origin
from annotations.rules.texts import caseless_hash, same_words

MARGIN = 1.0
"""One person's preference, whose strength nobody asked for."""
FindPersonalData = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An accepted rewrite that may be learned from, as both records."""

    judgement: JudgementFact
    preference: Record
    sft: Record
    reason: Dropped | None = None
    """Why there is no preference all the same: it would hold the original."""


def records_of_rewrites(
    part: Part,
    screening: Screening,
    keys: Keys,
    find_personal_data: FindPersonalData,
    dropped: Counter[str],
) -> Iterator[Rewritten]:
    """Both records of each rewrite to keep; the others are counted by reason.

    A rewrite is preferred to the response that it rewrites and to nothing else.
    """
    judgements = {judgement.id: judgement for judgement in part.judgements}
    seen: set[tuple[str, str]] = set()
    for rewrite in sorted(part.rewrites, key=lambda r: (r.response_id, r.text, r.judgement_id)):
        judgement = judgements[rewrite.judgement_id]
        reason = _why_not(rewrite, judgement, part, screening, find_personal_data)
        said = (rewrite.response_id, caseless_hash(rewrite.text))
        if reason is None and said in seen:
            reason = Dropped.DUPLICATE
        if reason:
            dropped[reason] += 1
            continue
        seen.add(said)
        reason = screening.of_texts(rewrite.response_id)
        yield _records(rewrite, judgement, part, keys, reason)


def _why_not(
    rewrite: RewriteFact,
    judgement: JudgementFact,
    part: Part,
    screening: Screening,
    find_personal_data: FindPersonalData,
) -> Dropped | None:
    reason = screening.of_judgement(judgement) or screening.of_response(rewrite.response_id)
    if reason:
        return reason
    if rewrite.state != RewriteState.ACCEPTED:
        held = rewrite.state == RewriteState.HELD_BACK
        return Dropped.HELD_BACK if held else Dropped.NOT_REVIEWED
    if screening.has_open_flag(rewrite.response_id):
        return Dropped.OPEN_FLAG
    if reason := screening.of_texts():  # of the prompt
        return reason
    original = part.responses[rewrite.response_id]
    if same_words(rewrite.text, original.text):
        return Dropped.UNCHANGED
    if screening.is_harmful(rewrite.text):
        return Dropped.UPHELD_HARM
    return Dropped.PERSONAL_DATA if find_personal_data(rewrite.text) else None


def _records(
    rewrite: RewriteFact,
    judgement: JudgementFact,
    part: Part,
    keys: Keys,
    reason: Dropped | None,
) -> Rewritten:
    original = part.responses[rewrite.response_id]
    prompt = part.prompt
    names = (rewrite.judgement_id, rewrite.response_id)
    about = meta(prompt, [judgement], "rewrite")
    about["length_change"] = len(rewrite.text) - len(original.text)
    preference = {
        "record_id": keys.name("preference", *names),
        "prompt": prompt.messages,
        "chosen": message("assistant", rewrite.text),
        "rejected": message("assistant", original.text),
        "margin": MARGIN,
        "meta": about | _compared(original, judgement),
    }
    sft = {
        "record_id": keys.name("sft", *names),
        "prompt": prompt.messages,
        "completion": message("assistant", rewrite.text),
        "meta": about
        | {
            "cohort": judgement.cohort,
            "role": judgement.role,
            "origin": str(Origin.AI_EDITED),
            "rewritten_response_id": original.id,
            "rewritten_model_version_id": original.model.id,
        },
    }
    return Rewritten(judgement, preference, sft, reason)


def _compared(original: ResponseFact, judgement: JudgementFact) -> dict[str, Any]:
    """What a comparison says about its sides, here with one vote: the writer's own."""
    vote = {"wins": 1, "ties": 0, "losses": 0, "votes": 1.0, "p": 0.75}
    return {
        "chosen_response_id": "",
        "rejected_response_id": original.id,
        "chosen_model_version_id": "",
        "rejected_model_version_id": original.model.id,
        "chosen_origin": str(Origin.AI_EDITED),
        "rejected_origin": original.origin,
        "p": 0.75,
        "cohorts": [{"cohort": judgement.cohort, "role": judgement.role, **vote}],
    }
