"""Gives ranks, scores and spans of annotation tools to the responses that they are about.

A tool's export says which question was answered, and seldom about which text. Here it is about the
response whose field its name contains, or about the only response. Everything else is counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.rules.imported import MAX_CRITERION, MAX_RATER, MAX_VALUE
from annotations.rules.texts import one_line_ending
from modelhub.rules.shapes.base import Work
from modelhub.rules.shapes.values import absent

JUDGED = "judged_elsewhere"
"""Counts scores, choices and marks of annotators, which are not imported."""
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an annotator: a number, the marked passages, or the ranks of fields."""

    question: str
    value: Any
    rater: int
    about: str = ""
    """Name of the text that it is about, if the tool says it."""


def rater_of(name: Any, place: int, work: Work) -> int:
    """Return the number of an annotator: the first one of a file is 1. Names are not kept."""
    key = str(place) if absent(name) else f"of {name}"
    return work.raters.setdefault(key, len(work.raters) + 1)


def judged(
    made: list[dict[str, Any]],
    texts: Mapping[str, Any],
    answers: Sequence[Answer],
    work: Work,
) -> list[dict[str, Any]]:
    """Return the rows with what annotators said of their responses; counts what is not used."""
    if not answers:
        return made
    responses = _responses(made)
    fields = {
        _plain(name): place
        for name, text in texts.items()
        for place, response in enumerate(responses)
        if response["text"] == text
    }
    others = {_plain(name) for name in texts} - fields.keys()
    for answer in answers:
        place = _place(answer, fields, others, len(responses))
        if not _added(answer, responses, place, fields):
            work.counts[JUDGED] += 1
    return [*made[:-1], {**made[-1], "responses": responses}] if responses else made


def _responses(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the responses of the last row as objects of their own; empty if it has others."""
    listed = made[-1].get("responses", []) if made else []
    listed = listed if isinstance(listed, list) else [listed]
    found = [dict(one) if isinstance(one, Mapping) else {"text": one} for one in listed]
    return found if all(isinstance(one.get("text"), str) for one in found) else []


def _plain(name: str) -> str:
    return _SIGNS.sub("", name.lower())


def _place(answer: Answer, fields: Mapping[str, int], others: set[str], count: int) -> int | None:
    about = _plain(answer.about)
    if about in fields:
        return fields[about]
    question = _plain(answer.question)
    named = {place for name, place in fields.items() if question.endswith(name)}
    if len(named) == 1:
        return named.pop()
    return 0 if count == 1 and about not in others and not named else None


def _added(
    answer: Answer,
    responses: Sequence[dict[str, Any]],
    place: int | None,
    fields: Mapping[str, int],
) -> bool:
    """Add an answer to its response; return whether it could be."""
    value, rater = answer.value, answer.rater
    if len(answer.question) > MAX_CRITERION or rater > MAX_RATER:
        return False
    if isinstance(value, int | float) and not isinstance(value, bool) and place is not None:
        scores = responses[place].setdefault("scores", [])
        score = {"criterion": answer.question, "value": value, "rater": rater}
        first = all((one["criterion"], one["rater"]) != (answer.question, rater) for one in scores)
        return first and abs(value) <= MAX_VALUE and not scores.append(score)
    if isinstance(value, list | tuple) and value and place is not None:
        spans = [_span(one, responses[place]["text"], rater) for one in value]
        if all(spans):
            responses[place].setdefault("spans", []).extend(spans)
            return True
    return False


def _span(one: Any, text: str, rater: int) -> dict[str, Any] | None:
    """Return a marked passage with its places in code points, or None if it is not of the text.

    Tools that count as JavaScript does count letters beyond U+FFFF twice. The passage shows it.
    """
    if not isinstance(one, Mapping):
        return None
    start, end, label = one.get("start"), one.get("end"), one.get("label")
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        return None
    passage = one.get("text")
    for found in ((start, end), _code_points(text, start, end)):
        if not 0 <= found[0] < found[1] <= len(text) or len(label) > MAX_CRITERION:
            continue
        here = one_line_ending(text[found[0] : found[1]])
        if not isinstance(passage, str) or one_line_ending(passage.replace("\\n", "\n")) == here:
            return {"label": label, "start": found[0], "end": found[1], "rater": rater}
    return None


def _code_points(text: str, start: int, end: int) -> tuple[int, int]:
    """Return places that are counted in UTF-16 in code points; (0, 0) if there are none."""
    raw = text.encode("utf-16-le", "surrogatepass")
    try:
        before, through = (len(raw[: 2 * place].decode("utf-16-le")) for place in (start, end))
    except UnicodeDecodeError:
        return 0, 0
    return before, through
