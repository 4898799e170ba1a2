"""Gives ranks, scores, labels and spans of annotation tools to the responses that they are about.

A tool's export says which question was answered, and seldom about which text. Here it is about the
response whose field its name contains, or about the only response. A ranking names the fields, or
the entries of a list; a comparison names a side. Everything else is counted.
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
"""Counts what annotators said and is not imported."""
RANKS_LOST = "ranks_lost"
"""Counts rankings of Argilla without ranks. Its version 2 exports them as the names of the options
in the order of the question, whatever people answered (its issue 5712)."""
SIDES = "sides"
"""Counts comparisons of Label Studio. It exports a side, and its project alone knows which text was
there: by its documentation, the first that is named is on the left."""
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an annotator.

    Its value is a number, a list of marked passages, or a `Chosen`, `Ranked` or `Preferred`; all
    else cannot be imported.
    """

    question: str
    value: Any
    rater: int
    about: str = ""
    """Name of the text that it is about, if the tool says it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of a closed question that an annotator chose."""

    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The rank of each field, or of each entry of a list; 1 is best."""

    ranks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Preferred:
    """The better side of two responses."""

    left: bool


def rater_of(name: Any, place: int, work: Work) -> int:
    """Return the number of an annotator: the first one of a file is 1. Names are not kept."""
    key = str(place) if absent(name) else f"of {name}"
    return work.raters.setdefault(key, len(work.raters) + 1)


def judged(
    made: list[dict[str, Any]],
    texts: Mapping[str, Any],
    answers: Sequence[Answer],
    work: Work,
    names: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Return the rows with what annotators said of their responses; counts what is not used.

    `names` are the places of responses by their own names, for tools that list them with ids.
    """
    if not answers:
        return made
    responses = _responses(made)
    named = names or {}
    fields = {
        plain(name): place
        for name, text in texts.items()
        for place, response in enumerate(responses)
        if response["text"] == text
    }
    others = {plain(name) for name in texts} - fields.keys()
    for answer in answers:
        if isinstance(answer.value, Ranked | Preferred):
            added = _is_ranked(answer, responses, fields, named, work)
        else:
            known = named.get(answer.about)
            place = _place(answer, fields, others, len(responses)) if known is None else known
            added = place is not None and _is_added(answer, responses[place])
        if not added:
            work.counts[JUDGED] += 1
    return [*made[:-1], {**made[-1], "responses": responses}] if responses else made


def _responses(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the responses of the last row as objects of their own; empty if it has others."""
    listed = made[-1].get("responses", []) if made else []
    listed = listed if isinstance(listed, list) else [listed]
    found = [dict(one) if isinstance(one, Mapping) else {"text": one} for one in listed]
    return found if all(isinstance(one.get("text"), str) for one in found) else []


def plain(name: str) -> str:
    """Return the name of a field without signs and capitals, for comparing."""
    return _SIGNS.sub("", name.lower())


def _place(answer: Answer, fields: Mapping[str, int], others: set[str], count: int) -> int | None:
    about = plain(answer.about)
    if about in fields:
        return fields[about]
    question = plain(answer.question)
    named = {place for name, place in fields.items() if question.endswith(name)}
    if len(named) == 1:
        return named.pop()
    return 0 if count == 1 and about not in others and not named else None


def _is_added(answer: Answer, response: dict[str, Any]) -> bool:
    """Add what is said of one response to it; return whether it could be."""
    value, rater = answer.value, answer.rater
    if len(answer.question) > MAX_CRITERION or rater > MAX_RATER:
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) <= MAX_VALUE and _is_number_added("scores", answer, response, value)
    if isinstance(value, Chosen):
        said = [
            {"criterion": answer.question, "label": label.strip(), "rater": rater}
            for label in value.labels
            if not absent(label) and len(label) <= MAX_CRITERION
        ]
        if said and len(said) == len(value.labels):
            response.setdefault("labels", []).extend(said)
            return True
    if isinstance(value, list | tuple) and value:
        spans = [_span(one, response["text"], rater) for one in value]
        if all(spans):
            response.setdefault("spans", []).extend(spans)
            return True
    return False


def _is_number_added(kind: str, answer: Answer, response: dict[str, Any], value: float) -> bool:
    """Add a rank or a score, unless the rater has given one for this question."""
    known = response.setdefault(kind, [])
    if any((one["criterion"], one["rater"]) == (answer.question, answer.rater) for one in known):
        return False
    known.append({"criterion": answer.question, "value": value, "rater": answer.rater})
    return True


def _is_ranked(
    answer: Answer,
    responses: Sequence[dict[str, Any]],
    fields: Mapping[str, int],
    named: Mapping[str, int],
    work: Work,
) -> bool:
    """Add the ranks of a ranking or comparison to the responses; return whether it could be."""
    if len(answer.question) > MAX_CRITERION or answer.rater > MAX_RATER:
        return False
    if isinstance(answer.value, Preferred):
        if len(responses) != 2:
            return False
        work.counts[SIDES] += 1
        ranks = {0: 1, 1: 2} if answer.value.left else {0: 2, 1: 1}
    else:
        places = {name: named.get(name, fields.get(plain(name))) for name in answer.value.ranks}
        ranks = {
            place: answer.value.ranks[name] for name, place in places.items() if place is not None
        }
        if len(ranks) < max(2, len(places)):  # some option is no response
            return False
    added = [
        _is_number_added("ranks", answer, responses[place], rank) for place, rank in ranks.items()
    ]
    return all(added)


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
