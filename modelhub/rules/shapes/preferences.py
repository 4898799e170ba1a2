"""Files of preferences: chosen and rejected, transcripts of HH-RLHF, and numbered responses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.base import IDS, Row, Shape, Work, id_of, needs, reply, row_of
from modelhub.rules.shapes.transcripts import is_transcript, spoken, transcript
from modelhub.rules.shapes.turns import Turn, are_turns, heard, turns_of
from modelhub.rules.shapes.values import absent, filled, number_of, parsed, text_of

_NUMBERED = re.compile(
    r"(response|answer|completion|reply|output|generation|candidate|conversation)"
    r"s?[ _-]?(\d{1,2}|[a-h])",
    re.IGNORECASE,
)
_MODEL = re.compile(r"model_?(\d{1,2}|[a-h])")
_PROMPTS = ("prompt", "question", "instruction", "query", "input", "context")
_BEFORE = ("conversations", "conversation", "messages")
"""Columns with the turns before chosen and rejected responses that have no turns of their own."""
_SIDES = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"))
_SCORES = ("score_{}", "{}_score", "{}_rating", "{}-rating")
_MODELS = ("{}_model", "{}-model")
_WINNER, _PREFERENCE = "winner", "overall_preference"
"""Columns that say which of two numbered responses is better."""
BETTER, WORSE = 1, 2
"""The ranks of a chosen and a rejected response: 1 is best."""


def _side(value: Any, work: Work) -> tuple[list[Turn], str]:
    """Return the turns before a chosen or rejected response, and the response; raises BadRow."""
    value = parsed(value)
    if is_transcript(value):
        turns = transcript(value)
    elif are_turns(value):
        turns = turns_of(value)
    elif isinstance(value, Mapping) and are_turns([value]):
        turns = turns_of([value])
    elif isinstance(value, Mapping) and isinstance(text := value.get("content"), str):
        return [], text
    elif isinstance(value, str):
        return [], value
    else:
        raise BadRow(_("chosen or rejected is neither text nor a list of turns."))
    turns = heard(turns, work.choices, work.counts)
    if not turns or turns[-1]["role"] != "assistant":
        raise BadRow(_("chosen or rejected does not end with a turn of the assistant."))
    return turns[:-1], turns[-1]["content"]


def _chosen(row: Row, work: Work) -> list[dict[str, Any]]:
    sides = next((names for names in _SIDES if names[0] in row), _SIDES[0])
    better, good = _side(needs(row, sides[0]), work)
    worse, bad = _side(needs(row, sides[1]), work)
    given = filled(row, _PROMPTS)
    if given is None and not better and not worse:
        given = filled(row, _BEFORE)
    prompt = _prompt(_messages_in(given), [better, worse], work)
    replies = [
        reply(text, rank=rank, **_about(row, side))
        for text, rank, side in ((good, BETTER, sides[0]), (bad, WORSE, sides[1]))
    ]
    return [row_of(prompt, replies, external_id=id_of(row))]


def _about(row: Row, side: str) -> dict[str, Any]:
    """Return the model and the score of a chosen or rejected response."""
    score = number_of(filled(row, [name.format(side) for name in _SCORES]))
    return {
        "model": text_of(filled(row, [name.format(side) for name in _MODELS])),
        "scores": None if score is None else {"score": score},
    }


def _messages_in(given: Any) -> Any:
    """Return the messages of a request, which OpenAI's format of preferences has as its input."""
    given = parsed(given)
    return given["messages"] if isinstance(given, Mapping) and "messages" in given else given


def _prompt(given: Any, talks: Sequence[list[Turn]], work: Work) -> Any:
    """Return the prompt of responses: what all of them begin with, or the prompt that is given."""
    first, *others = [talk for talk in talks if talk] or [[]]
    for other in others:
        if other != first:
            same = list(takewhile(lambda pair: pair[0] == pair[1], zip(first, other, strict=False)))
            raise BadRow(
                _("chosen and rejected continue different conversations (from turn %(n)d on).")
                % {"n": len(same) + 1}
            )
    given = spoken(given)
    if first:
        if not _is_about(given, first):
            raise BadRow(_("the prompt differs from what the responses answer."))
        return first
    if absent(given):
        raise BadRow(_("the prompt is missing."))
    return heard(given, work.choices, work.counts) if are_turns(given) else given


def _is_about(given: Any, turns: Sequence[Turn]) -> bool:
    """Return whether a given prompt is a part of a conversation, or has its last turn in it."""
    if absent(given):
        return True
    texts = [_plain(turn["content"]) for turn in turns]
    if isinstance(given, str):
        return _plain(given) in texts or texts[-1] in _plain(given)
    if not are_turns(given):
        return False
    return all(_plain(one["content"]) in texts for one in given if one["role"] != "system")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_chosen(columns: frozenset[str], first: Sequence[Row]) -> bool:
    here = any({*names} <= columns for names in _SIDES)
    return here and not _is_hh(columns, first)


def _is_hh(columns: frozenset[str], first: Sequence[Row]) -> bool:
    return {"chosen", "rejected"} <= columns and any(is_transcript(r.get("chosen")) for r in first)


def numbered(columns: Iterable[str], *, least: int = 1) -> list[str]:
    """Return the columns of numbered responses in order (`response_1`, …); empty if too few."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for name in columns:
        if match := _NUMBERED.fullmatch(name.strip()):
            word, number = match[1].lower(), match[2].lower()
            place = int(number) if number.isdecimal() else ord(number)
            found.setdefault(word, []).append((place, number, name))
    most = max(found.values(), key=len, default=[])
    return [name for _place, _number, name in sorted(most)] if len(most) >= least else []


def _is_numbered(columns: frozenset[str], first: Sequence[Row]) -> bool:
    names = numbered(columns, least=2)
    return (
        bool(names)
        and "responses" not in columns
        and (
            any(name in columns for name in _PROMPTS) or names[0].lower().startswith("conversation")
        )
    )


def _numbered(row: Row, work: Work) -> list[dict[str, Any]]:
    replies, talks = [], []
    for name in numbered(row):
        if absent(row[name]):
            continue
        before, text = _side(row[name], work) if are_turns(row[name]) else ([], row[name])
        talks.append(before)
        suffix = _NUMBERED.fullmatch(name.strip())
        model = filled(row, [f"model_{suffix[2]}", f"model{suffix[2]}"]) if suffix else None
        replies.append(reply(text, model=text_of(model)))
    prompt = _prompt(filled(row, _PROMPTS), talks, work)
    if len(replies) == len(numbered(row)) == 2 and (ranks := _ranks(row)):
        replies = [one | {"rank": rank} for one, rank in zip(replies, ranks, strict=True)]
    return [row_of(prompt, replies, external_id=id_of(row))]


def _ranks(row: Row) -> tuple[int, int] | None:
    """Return the ranks of two responses: from a preference below 0 for the first, or a winner."""
    preference = number_of(row.get(_PREFERENCE))
    if preference is not None:
        better = (preference > 0) - (preference < 0)
    else:
        winner = text_of(row.get(_WINNER)).strip().lower()
        known = {"model_a": -1, "model_b": 1, "tie": 0, "tie (bothbad)": 0}
        if (found := known.get(winner)) is None:
            return None
        better = found
    return (BETTER + max(0, better), BETTER + max(0, -better))


def _other_numbered(columns: Iterable[str]) -> set[str]:
    """Return numbered columns that are not read, since another name has more of them."""
    columns = list(columns)
    others = {name for name in columns if _NUMBERED.fullmatch(name.strip())} - {*numbered(columns)}
    return others | _other_prompts(columns)


def _other_prompts(columns: Iterable[str]) -> set[str]:
    """Return columns that replace a missing prompt, if there is a prompt."""
    columns = set(columns)
    return columns & {"context", *_BEFORE} if columns & {*_PROMPTS[:-1]} else set()


def _is_of_number(name: str) -> bool:
    return _NUMBERED.fullmatch(name.strip()) is not None or _MODEL.fullmatch(name) is not None


_OF_PAIRS = frozenset({*_PROMPTS, *IDS, *_BEFORE, *_SIDES[0], *_SIDES[1]}) | {
    name.format(side) for name in (*_SCORES, *_MODELS) for side in (*_SIDES[0], *_SIDES[1])
}
CHOSEN = Shape(
    "preference", gettext_lazy("Chosen and rejected"), _is_chosen, _chosen,
    used=_OF_PAIRS,
    unread=_other_prompts,
)  # fmt: skip
HH = Shape(
    "hh", gettext_lazy("HH-RLHF transcripts"), _is_hh, _chosen,
    used=_OF_PAIRS,
    unread=_other_prompts,
)  # fmt: skip
NUMBERED = Shape(
    "numbered", gettext_lazy("Numbered responses"), _is_numbered, _numbered,
    used=frozenset({*_PROMPTS, *IDS, _WINNER, _PREFERENCE}),
    also=_is_of_number,
    unread=_other_numbered,
)  # fmt: skip
