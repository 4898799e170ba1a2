"""What somebody sends for an assignment: read, checked, and nothing else believed.

Everything optional may be empty or absent. What is wrong is told at its field, all at once:
`ratings.0.score` is the first rating's score, `ratings.RESPONSE.CRITERION` a missing rating.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.rules.reading import MAX_ITEMS, Reader, is_empty
from annotations.rules.states import Ask, Harm
from annotations.rules.texts import same_text
from codesign.shared.errors import Invalid

MAX_ACTIVE = 3600
"""Seconds: nobody is taken to have worked on one assignment for longer."""
MAX_LABEL = 60
FIELDS = {
    "ratings",
    "ranking",
    "strength",
    "all_harmful",
    "rewrites",
    "highlights",
    "flags",
    "comment",
    "active_seconds",
}


@dataclass(frozen=True)
class Scale:
    """Whole numbers, both ends included."""

    minimum: int
    maximum: int


@dataclass(frozen=True)
class Asked:
    """What the assignment asks: texts by response id as shown, scales by criterion."""

    texts: Mapping[str, str]
    scales: Mapping[str, Scale]
    asks: frozenset[str]


@dataclass(frozen=True)
class Rating:
    """A score for one response on one criterion."""

    response: str
    criterion: str
    score: int


@dataclass(frozen=True)
class Rewritten:
    """A response as the person would rather have it."""

    response: str
    text: str


@dataclass(frozen=True)
class Highlight:
    """A marked passage: Unicode code points, the end not included."""

    response: str
    start: int
    end: int
    label: str
    comment: str


@dataclass(frozen=True)
class Flagged:
    """A report of harm, severity 1 to 3."""

    response: str
    harm: str
    severity: int
    note: str


@dataclass(frozen=True)
class Submission:
    """Everything somebody sent, checked."""

    ratings: tuple[Rating, ...]
    ranking: tuple[tuple[str, ...], ...]
    strength: int | None
    all_harmful: bool
    rewrites: tuple[Rewritten, ...]
    highlights: tuple[Highlight, ...]
    flags: tuple[Flagged, ...]
    comment: str
    active_seconds: float | None


def body_hash(body: Mapping[str, Any]) -> str:
    """SHA-256, hex, of what was sent, whatever the order of its keys."""
    try:
        written = json.dumps(body, sort_keys=True)
    except RecursionError:
        raise Invalid("This is nested too deeply.") from None
    return hashlib.sha256(written.encode()).hexdigest()


def active_ms(*, given: float | None, since_shown: float) -> int:
    """Milliseconds of work: never more than the time since it was shown, nor than an hour.

    Where nobody counted (a page without scripts) it is the time since it was shown.
    """
    counted = since_shown if given is None else min(given, since_shown)
    return int(max(0.0, min(counted, MAX_ACTIVE)) * 1000)


def parse(body: Any, asked: Asked) -> Submission:
    """Read a submission; Invalid, with sentences by field, where it cannot be taken."""
    reader = Reader()
    if not isinstance(body, Mapping):
        raise Invalid("Please send one JSON object.")
    reader.unknown_keys(body, FIELDS)
    _refuse_unasked(reader, body, asked)
    all_harmful = _all_harmful(reader, body)
    ranking = _ranking(reader, body, asked, all_harmful=all_harmful)
    submission = Submission(
        ratings=_ratings(reader, body, asked),
        ranking=ranking,
        strength=_strength(reader, body, asked, ranking),
        all_harmful=all_harmful,
        rewrites=_rewrites(reader, body, asked),
        highlights=_highlights(reader, body, asked),
        flags=_flags(reader, body, asked),
        comment=reader.text(body.get("comment"), "comment"),
        active_seconds=_seconds(reader, body.get("active_seconds")),
    )
    if reader.errors:
        raise Invalid("Something is missing or cannot be taken as it is.", reader.errors)
    return submission


NEEDS = {
    "ratings": Ask.RATING,
    "ranking": Ask.RANKING,
    "strength": Ask.RANKING,
    "all_harmful": Ask.RANKING,
    "rewrites": Ask.REWRITE,
    "highlights": Ask.HIGHLIGHT,
    "flags": Ask.FLAG,
}


def _refuse_unasked(reader: Reader, body: Mapping[str, Any], asked: Asked) -> None:
    for field, ask in NEEDS.items():
        if ask not in asked.asks and not is_empty(body.get(field)):
            reader.wrong(field, "This was not asked for.")


def _response(reader: Reader, value: Any, path: str, asked: Asked) -> str | None:
    if isinstance(value, str) and value.lower() in asked.texts:
        return value.lower()
    reader.wrong(path, "This is not one of the responses shown.")
    return None


def _ratings(reader: Reader, body: Mapping[str, Any], asked: Asked) -> tuple[Rating, ...]:
    known = {"response", "criterion", "score"}
    found: dict[tuple[str, str], Rating] = {}
    for path, item in reader.items(body, "ratings", known, {"score"}):
        response = _response(reader, item.get("response"), f"{path}.response", asked)
        criterion = item.get("criterion")
        scale = asked.scales.get(criterion) if isinstance(criterion, str) else None
        if scale is None:
            reader.wrong(f"{path}.criterion", "This is not one of the questions.")
            continue
        score = reader.whole(item.get("score"), f"{path}.score", scale.minimum, scale.maximum)
        if response is None or score is None:
            continue
        if (response, str(criterion)) in found:
            reader.wrong(path, "This was rated twice.")
        found[response, str(criterion)] = Rating(response, str(criterion), score)
    if Ask.RATING in asked.asks and not any(path.startswith("ratings") for path in reader.errors):
        for missing in _missing(asked, found):
            reader.wrong(f"ratings.{missing}", "Please choose an answer.")
    return tuple(found.values())


def _missing(asked: Asked, found: Mapping[tuple[str, str], Rating]) -> list[str]:
    return [
        f"{response}.{criterion}"
        for response in asked.texts
        for criterion in asked.scales
        if (response, criterion) not in found
    ]


def _all_harmful(reader: Reader, body: Mapping[str, Any]) -> bool:
    value = body.get("all_harmful")
    if is_empty(value):
        return False
    if value is not True:
        reader.wrong("all_harmful", "Please send true or false.")
    return True


def _ranking(
    reader: Reader, body: Mapping[str, Any], asked: Asked, *, all_harmful: bool
) -> tuple[tuple[str, ...], ...]:
    value = body.get("ranking")
    if is_empty(value):
        if Ask.RANKING in asked.asks and not all_harmful:
            reader.wrong("ranking", "Please say how they compare, or that all could do harm.")
        return ()
    if all_harmful:
        reader.wrong("ranking", "Either compare them, or say that all could do harm.")
        return ()
    if not isinstance(value, list) or not all(isinstance(group, list) for group in value):
        reader.wrong("ranking", "Please send a list of groups, the best first.")
        return ()
    named = [response for group in value for response in group]
    if len(named) > MAX_ITEMS or not all(isinstance(name, str) for name in named):
        reader.wrong("ranking", "Please name the responses by their ids.")
        return ()
    groups = tuple(tuple(name.lower() for name in group) for group in value if group)
    lowered = [name for group in groups for name in group]
    if sorted(lowered) != sorted(asked.texts):
        reader.wrong("ranking", "Please place every response that is shown, each once.")
        return ()
    return groups


def _strength(
    reader: Reader,
    body: Mapping[str, Any],
    asked: Asked,
    ranking: Sequence[Sequence[str]],
) -> int | None:
    value = body.get("strength")
    if is_empty(value):
        return None
    if "ranking" not in reader.errors and (len(asked.texts) != 2 or len(ranking) != 2):
        reader.wrong("strength", "How much better needs two responses, one of them better.")
    return reader.whole(value, "strength", 1, 3)


def _rewrites(reader: Reader, body: Mapping[str, Any], asked: Asked) -> tuple[Rewritten, ...]:
    found: dict[str, Rewritten] = {}
    for path, item in reader.items(body, "rewrites", {"response", "text"}, {"text"}):
        response = _response(reader, item.get("response"), f"{path}.response", asked)
        text = reader.text(item.get("text"), f"{path}.text")
        if response is None or not text:
            continue
        if response in found:
            reader.wrong(path, "This response was rewritten twice.")
        if same_text(text, asked.texts[response]):
            reader.wrong(f"{path}.text", "This is the same as the response. Change it or clear it.")
        found[response] = Rewritten(response, text)
    return tuple(found.values())


def _highlights(reader: Reader, body: Mapping[str, Any], asked: Asked) -> tuple[Highlight, ...]:
    known = {"response", "start", "end", "label", "comment"}
    found: dict[tuple[str, int, int, str], Highlight] = {}
    for path, item in reader.items(body, "highlights", known, known - {"response"}):
        response = _response(reader, item.get("response"), f"{path}.response", asked)
        label = reader.text(item.get("label"), f"{path}.label", limit=MAX_LABEL)
        comment = reader.text(item.get("comment"), f"{path}.comment")
        if response is None:
            continue
        length = len(asked.texts[response])
        start = reader.whole(item.get("start"), f"{path}.start", 0, max(0, length - 1))
        end = reader.whole(item.get("end"), f"{path}.end", 1, length)
        if start is None or end is None:
            continue
        if end <= start:
            reader.wrong(f"{path}.end", "The end comes after the start.")
        if (response, start, end, label) in found:
            reader.wrong(path, "This passage is marked twice.")
        found[response, start, end, label] = Highlight(response, start, end, label, comment)
    return tuple(found.values())


def _flags(reader: Reader, body: Mapping[str, Any], asked: Asked) -> tuple[Flagged, ...]:
    known = {"response", "harm", "severity", "note"}
    found: dict[tuple[str, str], Flagged] = {}
    for path, item in reader.items(body, "flags", known, known - {"response"}):
        response = _response(reader, item.get("response"), f"{path}.response", asked)
        harm = item.get("harm")
        if not isinstance(harm, str) or harm not in set(Harm):
            reader.wrong(f"{path}.harm", "Please choose what is wrong with it.")
            continue
        severity = reader.whole(item.get("severity"), f"{path}.severity", 1, 3)
        note = reader.text(item.get("note"), f"{path}.note")
        if response is None or severity is None:
            continue
        if (response, harm) in found:
            reader.wrong(path, "This harm is reported twice.")
        found[response, harm] = Flagged(response, harm, severity, note)
    return tuple(found.values())


def _seconds(reader: Reader, value: Any) -> float | None:
    """Seconds, bounded by comparing alone: an integer may have more digits than a float can."""
    if is_empty(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN
        reader.wrong("active_seconds", "Please give a number of seconds.")
        return None
    return float(max(0, min(value, MAX_ACTIVE)))
