"""Marked passages on the judging page: their inputs, and how words become a passage.

Passage 2 of reply A has the inputs `mark-A-2` (“start-end”, in code points of the text shown),
`mark-A-2-label` and `mark-A-2-comment`. Without scripts, `words-A` has words to mark, and
`words-A-place` the place that was chosen if the words occur more than once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotations.queries.shown import ShownAssignment, ShownResponse
from annotations.rules.passages import Place, context_of, places_of
from annotations.rules.states import Ask
from annotations.rules.texts import one_line_ending
from codesign.shared.visible import seen, shows_nothing

Inputs = Mapping[str, str]
_NAME = re.compile(r"mark-([A-Z]{1,2})-(\d{1,4})")
_PLACE = re.compile(r"(\d{1,7})-(\d{1,7})")
MOST_MARKS = 500
"""Passages of one form. The contract accepts as many."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage of a form, with the name of its inputs."""

    name: str
    response: ShownResponse
    place: Place
    label: str
    comment: str


def marks_in(posted: Inputs, shown: ShownAssignment) -> list[Mark]:
    """Return the passages among inputs, in the order of the replies and of their numbers."""
    return [mark for response in shown["responses"] for mark in _marks_of(posted, response)][
        :MOST_MARKS
    ]


def _marks_of(posted: Inputs, response: ShownResponse) -> Iterator[Mark]:
    numbers = sorted(
        int(found[2])
        for name in posted
        if (found := _NAME.fullmatch(name)) and found[1] == response["label"]
    )
    for number in numbers:
        name = f"mark-{response['label']}-{number}"
        if place := place_in(posted.get(name, ""), response["text"]):
            comment = seen(one_line_ending(posted.get(f"{name}-comment", "")))
            yield Mark(name, response, place, posted.get(f"{name}-label", ""), comment)


def place_in(value: str, text: str) -> Place | None:
    """Return a place such as “3-9”, or None if the text has no such place."""
    found = _PLACE.fullmatch(value)
    if found is None:
        return None
    start, end = int(found[1]), int(found[2])
    return (start, end) if start < end <= len(text) else None


def highlights(posted: Inputs, shown: ShownAssignment) -> list[dict[str, Any]]:
    """Return the passages as a submission has them."""
    return [
        {
            "response": mark.response["id"],
            "start": mark.place[0],
            "end": mark.place[1],
            "label": mark.label,
            "comment": mark.comment,
        }
        for mark in marks_in(posted, shown)
    ]


def inputs(shown: ShownAssignment) -> dict[str, str]:
    """Return the inputs that show the passages of the draft; the inverse of `highlights`."""
    draft = (shown["draft"] or {}).get("highlights")
    filled: dict[str, str] = {}
    responses = {response["id"]: response for response in shown["responses"]}
    for number, entry in enumerate(draft if isinstance(draft, list) else (), start=1):
        response = responses.get(str(entry.get("response"))) if isinstance(entry, dict) else None
        if response and number <= MOST_MARKS:
            place = f"{entry.get('start')}-{entry.get('end')}"
            if place_in(place, response["text"]):
                name = f"mark-{response['label']}-{number}"
                filled[name] = place
                filled[f"{name}-label"] = str(entry.get("label") or "")
                filled[f"{name}-comment"] = str(entry.get("comment") or "")
    return filled


def with_words(posted: Inputs, shown: ShownAssignment) -> tuple[dict[str, str], dict[str, str]]:
    """Turn the words that were typed into passages. Return the inputs, and errors by input.

    Words that are not found, or that occur more than once, stay in their input.
    """
    filled: dict[str, str] = {name: posted.get(name, "") for name in posted}
    errors: dict[str, str] = {}
    for response in shown["responses"] if Ask.HIGHLIGHT in shown["asks"] else ():
        name = f"words-{response['label']}"
        if shows_nothing(words := filled.get(name, "")):
            continue
        places = places_of(words, response["text"])
        chosen = place_in(filled.get(f"{name}-place", ""), response["text"])
        if chosen not in places:
            chosen = places[0] if len(places) == 1 else None
        if chosen is None:
            errors[name] = _several(places) if places else _not_found(response)
            continue
        del filled[name]
        filled[_free_name(filled, response)] = f"{chosen[0]}-{chosen[1]}"
    return filled, errors


def _several(places: list[Place]) -> str:
    return _("These words are there %(n)d times. Choose which ones you mean.") % {"n": len(places)}


def _not_found(response: ShownResponse) -> str:
    words = _("Reply %(letter)s does not have these words. Please copy them as they are there.")
    return words % {"letter": response["label"]}


def _free_name(filled: Inputs, response: ShownResponse) -> str:
    numbers = [int(found[2]) for name in filled if (found := _NAME.fullmatch(name))]
    return f"mark-{response['label']}-{max(numbers, default=0) + 1}"


def changed(posted: Inputs, shown: ShownAssignment) -> tuple[dict[str, str], dict[str, str]]:
    """Return the inputs after the button to mark or to remove was pressed, and errors by input."""
    if "unmark" in posted:
        return without(posted, posted["unmark"]), {}
    filled, errors = with_words(posted, shown)
    name = f"words-{posted['mark']}"
    if shows_nothing(posted.get(name, "")):
        errors[name] = _("Please copy the words that you want to mark.")
    return filled, {key: sentence for key, sentence in errors.items() if key == name}


def reply_of(posted: Inputs) -> str:
    """Return the id of the reply on the page whose passages a button changes."""
    letter = posted.get("mark") or posted.get("unmark", "").removeprefix("mark-").partition("-")[0]
    return f"reply-{letter}" if letter.isascii() and letter.isalpha() else ""


def without(posted: Inputs, name: str) -> dict[str, str]:
    """Return the inputs without the passage of that name."""
    gone = {name, f"{name}-label", f"{name}-comment"}
    return {key: posted.get(key, "") for key in posted if key not in gone}


@dataclass(frozen=True, slots=True)
class PlaceOption:
    """One place of words that occur more than once, with the words around it."""

    value: str
    before: str
    words: str
    after: str


def options_of(words: str, text: str) -> list[PlaceOption]:
    """Return the places to choose from; none unless the words occur more than once."""
    places = [] if shows_nothing(words) else places_of(words, text)
    if len(places) < 2:
        return []
    return [PlaceOption(f"{start}-{end}", *context_of((start, end), text)) for start, end in places]
