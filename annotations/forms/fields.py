"""The fields of the judging form as templates show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotations.forms import words


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a group."""

    value: str
    label: words.Words
    chosen: bool
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """Radio buttons or a select, with their name, legend and error."""

    name: str
    legend: words.Words
    options: tuple[Option, ...]
    letter: str = ""
    error: str = ""

    @property
    def is_answered(self) -> bool:
        """Return whether a choice is made."""
        return any(option.chosen for option in self.options)

    @property
    def low(self) -> Option:
        """Return the lowest point of a scale."""
        return self.options[0]

    @property
    def high(self) -> Option:
        """Return the highest point of a scale."""
        return self.options[-1]


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
