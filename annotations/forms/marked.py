"""What is marked in a reply, as the judging form shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.forms import words
from annotations.forms.fields import ChoiceField, TextField, options
from annotations.forms.marks import Mark, PlaceOption, marks_in, options_of
from annotations.queries.shown import ShownAssignment, ShownResponse, ShownRubric
from annotations.rules.passages import words_at

NEW = "new"
WORDS = "{words}"
"""The number and the words of a passage that a script adds; the script replaces both."""


@dataclass(frozen=True, slots=True)
class MarkFields:
    """A marked passage with its label and comment."""

    name: str
    place: str
    text: str
    label: ChoiceField
    comment: TextField
    error: str = ""


@dataclass(frozen=True, slots=True)
class MarkedReply:
    """The marked passages of a reply, and the words that are to be marked."""

    letter: str
    places: tuple[tuple[int, int], ...]
    marks: tuple[MarkFields, ...]
    blank: MarkFields
    """What a script copies for a new passage."""
    words: TextField
    choices: tuple[PlaceOption, ...]

    @property
    def names(self) -> list[str]:
        """Return the names of the inputs that can have an error."""
        return [self.words.name, *(mark.name for mark in self.marks)]


def marked_reply(
    response: ShownResponse,
    shown: ShownAssignment,
    inputs: Mapping[str, str],
    errors: Mapping[str, str],
) -> MarkedReply:
    """Return what is marked in a reply."""
    letter, labels = response["label"], labels_of(shown["rubric"])
    marks = [mark for mark in marks_in(inputs, shown) if mark.response is response]
    name = f"words-{letter}"
    typed = inputs.get(name, "")
    return MarkedReply(
        letter=letter,
        places=tuple(mark.place for mark in marks),
        marks=tuple(
            _fields(mark, words_at(mark.place, response["text"]), labels, errors) for mark in marks
        ),
        blank=_fields(Mark(f"mark-{letter}-{NEW}", response, (0, 0), "", ""), WORDS, labels, {}),
        words=TextField(name, typed, errors.get(name, "")),
        choices=tuple(options_of(typed, response["text"])),
    )


def labels_of(rubric: ShownRubric) -> Mapping[str, words.Words]:
    """Return label → its words: the study's own labels, or the standard ones."""
    return {one["key"]: one["title"] for one in rubric["labels"]} or words.MARK_LABELS


def _fields(
    mark: Mark, text: str, offered: Mapping[str, words.Words], errors: Mapping[str, str]
) -> MarkFields:
    labels: dict[str, words.Words] = {"": _("What is it? (optional)"), **offered}
    labels.setdefault(mark.label, mark.label)
    return MarkFields(
        name=mark.name,
        place=f"{mark.place[0]}-{mark.place[1]}",
        text=text,
        label=ChoiceField(
            name=f"{mark.name}-label",
            legend=_("What is “%(words)s”?") % {"words": text},
            options=options(labels.items(), mark.label),
        ),
        comment=TextField(f"{mark.name}-comment", mark.comment),
        error=errors.get(mark.name, ""),
    )
