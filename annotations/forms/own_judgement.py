"""The answers of a judgement that the judging form does not show: marked passages."""

from __future__ import annotations

from dataclasses import dataclass

from annotations.queries.shown import ShownAssignment


@dataclass(frozen=True, slots=True)
class Passage:
    """A highlight in words."""

    letter: str
    text: str
    label: str
    comment: str


def passages(shown: ShownAssignment) -> list[Passage]:
    """Return the highlights among the answers in `draft`, with the words that they mark."""
    replies = {response["id"]: response for response in shown["responses"]}
    marks = (shown["draft"] or {}).get("highlights", [])
    return [
        Passage(
            letter=replies[mark["response"]]["label"],
            text=replies[mark["response"]]["text"][mark["start"] : mark["end"]],
            label=mark["label"],
            comment=mark["comment"],
        )
        for mark in marks
    ]
