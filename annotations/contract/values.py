"""Values as programs and browsers send them: what counts as empty, and what can be stored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from codesign.shared.visible import shows_nothing

MAX_NUMBER = 10**15
"""No number that is asked for is larger; milliseconds since 1970 are smaller."""
MAX_KEY = 60
"""Characters of an unknown key that an error repeats."""


def is_empty(value: Any) -> bool:
    """Whether a value gives no answer: null, false, an empty list or object, invisible text."""
    if isinstance(value, str):
        return shows_nothing(value)
    return value is None or value is False or value == [] or value == {}


def without_empty(value: Mapping[Any, Any], known: Collection[str]) -> dict[str, Any]:
    """The entries that give an answer; unknown keys in a form that an error can repeat."""
    return {
        key if key in known else printable_key(key): content
        for key, content in value.items()
        if not is_empty(content)
    }


def printable_key(key: Any) -> str:
    """An unknown key as an error may repeat it."""
    return str(key)[:MAX_KEY].encode(errors="replace").decode().replace("\x00", "?")


def leaves_of(value: Any) -> Iterator[str | int | float]:
    """Every text (keys too) and number in a JSON value, however deeply nested."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str | int | float):
            yield part
        elif isinstance(part, Mapping):
            left += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            left += part


def is_sensible(number: int | float) -> bool:
    """Whether a number is finite and short enough to be stored."""
    return -MAX_NUMBER <= number <= MAX_NUMBER
