"""The marked passages of a judgement, in words."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.forms import words
from annotations.forms.marked import labels_of
from annotations.queries.shown import ShownAssignment
from annotations.rules.passages import words_at


@dataclass(frozen=True, slots=True)
class Passage:
    """A highlight in words."""

    letter: str
    text: str
    label: words.Words
    comment: str


def passages(shown: ShownAssignment) -> list[Passage]:
    """Return the highlights among the answers in `draft`, with the words that they mark."""
    replies = {response["id"]: response for response in shown["responses"]}
    labels = labels_of(shown["rubric"])
    marks = (shown["draft"] or {}).get("highlights", [])
    return [
        Passage(
            letter=replies[mark["response"]]["label"],
            text=words_at((mark["start"], mark["end"]), replies[mark["response"]]["text"]),
            label=labels.get(mark["label"], mark["label"]),
            comment=mark["comment"],
        )
        for mark in marks
    ]
