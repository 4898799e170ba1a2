"""The fields of the judging form as templates show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotations.forms import words
from annotations.rules.scales import UNSURE


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a group."""

    value: str
    label: words.Words
    chosen: bool
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """Radio buttons or a select, with their name, legend and error.

    With `only_after`, it is asked only if the input of that name has one of `only_scores`.
    """

    name: str
    legend: words.Words
    options: tuple[Option, ...]
    letter: str = ""
    error: str = ""
    shape: str = "numbers"
    only_after: str = ""
    only_scores: str = ""

    @property
    def value(self) -> str:
        """Return the value of the choice, or an empty text."""
        return next((option.value for option in self.options if option.chosen), "")

    @property
    def is_answered(self) -> bool:
        """Return whether a choice is made."""
        return any(option.chosen for option in self.options)

    def is_asked(self, chosen: Mapping[str, str]) -> bool:
        """Return whether this is asked after the values that are chosen in other groups."""
        return not self.only_after or chosen.get(self.only_after, "") in self.only_scores.split()

    @property
    def low(self) -> Option:
        """Return the lowest point of a scale."""
        return self.options[0]

    @property
    def high(self) -> Option:
        """Return the highest point of a scale."""
        points = [option for option in self.options if option.value != str(UNSURE)]
        return points[-1]


@dataclass(frozen=True, slots=True)
class TextField:
    """An input for free text, with its name and error."""

    name: str
    value: str
    error: str = ""


def options(
    choices: Iterable[tuple[str, words.Words]],
    chosen: str,
    anchors: Mapping[str, str] | None = None,
) -> tuple[Option, ...]:
    """Return the choices of a group, with the one that is chosen."""
    anchors = anchors or {}
    return tuple(
        Option(value, label, value == chosen, anchors.get(value, "")) for value, label in choices
    )
