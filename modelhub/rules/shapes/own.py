"""Rows with our own columns, or with columns that a mapping names for ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.rules.texts import storable
from modelhub.rules.raw_rows import BadRow
from modelhub.rules.shapes.base import Row, RowsOf, Shape, Work, reply
from modelhub.rules.shapes.transcripts import REPLY, is_transcript, spoken
from modelhub.rules.shapes.turns import are_turns, heard, turns_of
from modelhub.rules.shapes.values import absent, number_of, objects, parsed

_NOT_LETTERS = re.compile(r"[\W_]+")
GUESSES: dict[str, tuple[str, ...]] = {
    "prompt": (
        "questiontext", "question", "questionbody", "userprompt", "prompttext", "usermessage",
        "instruction", "query", "questiontitle", "input",
    ),
    "external_id": ("questionid", "promptid", "conversationid", "exampleid", "uuid", "id"),
    "responses": (
        "answertext", "answers", "answer", "responsetext", "response", "modelresponse", "reply",
        "completion", "completions", "output", "assistantresponse",
    ),
    "topics": ("topic", "tags"),
    "language": ("lang",),
}  # fmt: skip
"""Names of other people's columns for ours, the likeliest first, without spaces and signs."""
_TITLES = ("questiontitle", "title")
_BESIDE = ("responses", "external_id")
_TEXTS = ("response", "answer", "completion")
_SCORES = ("overall_score", "score", "rating")
"""Keys of responses of others: their text, and numbers that somebody gave them."""


def guess(columns: Iterable[str], *, also: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the likeliest column of a file for each of ours, by its name; ours come first.

    Names that the database cannot store are not among them, since a mapping is stored. `also` are
    further names of prompts, the least likely ones.
    """
    fit = [name for name in columns if storable(name)]
    plain = {_NOT_LETTERS.sub("", name.lower()): name for name in reversed(fit)}
    found: dict[str, str] = {}
    for ours, names in (GUESSES | {"prompt": GUESSES["prompt"] + also}).items():
        own = _NOT_LETTERS.sub("", ours)
        known = [plain[name] for name in (own, *names) if name in plain]
        free = [name for name in known if name not in found.values()]
        if free:
            found[ours] = free[0]
    return found


def beside_prompt(columns: Iterable[str]) -> dict[str, str]:
    """Return the likeliest columns for ours that a file with our prompt calls otherwise."""
    guessed = guess(columns)
    return {ours: guessed[ours] for ours in _BESIDE if guessed.get(ours, ours) != ours}


def title_of(columns: Iterable[str]) -> str:
    """Return the column with the titles of questions, or an empty text.

    Forums let people write a title alone. It is then the whole question.
    """
    plain = {_NOT_LETTERS.sub("", name.lower()): name for name in columns}
    return next((plain[name] for name in _TITLES if name in plain), "")


def own_rows(row: Row, work: Work) -> list[dict[str, Any]]:
    """Return a row of ours. The turns of its prompt may be named as in other tools."""
    prompt = row.get("prompt")
    if isinstance(prompt, str) and prompt.lstrip()[:1] not in ("[", "{"):
        if REPLY not in prompt or not is_transcript(prompt):
            return [dict(row)]
        return [{**row, "prompt": spoken(prompt)}]
    prompt = parsed(prompt)
    if not are_turns(prompt) or _is_ours(prompt):
        return [dict(row)]
    turns = heard(turns_of(prompt), work.choices, work.counts)
    if not turns:
        raise BadRow(_("the prompt has no turn of a person."))
    return [{**row, "prompt": turns}]


def _is_ours(turns: Iterable[Mapping[str, Any]]) -> bool:
    return all(
        turn.get("role") in ("user", "assistant")
        and isinstance(turn.get("content"), str)
        and (turn["role"] == "user" or not absent(turn["content"]))
        for turn in turns
    )


def renamed(columns: Mapping[str, str], *, known: frozenset[str], title: str = "") -> RowsOf:
    """Return how to read rows whose columns are named by a mapping from ours to theirs.

    Columns of ours that the mapping does not name keep their names, unless they are mapped to
    another column of ours. Where the prompt is missing, `title` is the column that replaces it.
    """
    taken = frozenset(columns.values())
    kept = known - columns.keys() - taken

    def rows_of(row: Row, work: Work) -> list[dict[str, Any]]:
        ours = {name: row[theirs] for name, theirs in columns.items() if theirs in row}
        ours |= {name: row[name] for name in kept if name in row}
        if "responses" in columns and "responses" in ours:
            ours["responses"] = _with_texts(ours["responses"], columns["responses"], work)
        if title and absent(ours.get("prompt")) and not absent(row.get(title)):
            ours["prompt"] = row[title]
        return own_rows(ours, work)

    return rows_of


def _with_texts(responses: Any, column: str, work: Work) -> Any:
    """Return responses of others, whose objects call their text `response` or `answer`, as ours."""
    listed = objects(responses)
    key = next((name for name in _TEXTS if all(name in one for one in listed)), None)
    if not listed or key is None or any("text" in one for one in listed):
        return responses
    made = []
    for one in listed:
        scores = _numbers({name: one.get(name) for name in _SCORES})
        scores |= _ratings(one.get("annotations"))
        made.append(
            reply(one[key], model=one.get("model"), rank=one.get("rank"), scores=scores or None)
        )
        work.leave(f"{column}.", one, {key, "model", "rank", "annotations", *_SCORES}.__contains__)
    return made


def _ratings(annotations: Any) -> dict[str, float]:
    """Return the ratings by aspect, as UltraFeedback has them."""
    if not isinstance(annotations, Mapping):
        return {}
    rated = {name: one for name, one in annotations.items() if isinstance(one, Mapping)}
    return _numbers({str(name): one.get("Rating") for name, one in rated.items()})


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    found = {name: number_of(value) for name, value in values.items()}
    return {name: number for name, number in found.items() if number is not None}


def _has_prompt(columns: frozenset[str], first: Iterable[Row]) -> bool:
    return "prompt" in columns


OWN = Shape("own", gettext_lazy("Codesign"), _has_prompt, own_rows)
QUESTIONS = Shape(
    "questions", gettext_lazy("Questions and answers"), lambda columns, first: False, own_rows
)
"""Rows whose columns are recognised by their names. The mapping is guessed."""
