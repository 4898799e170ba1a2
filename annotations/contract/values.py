"""Values as programs and browsers send them: which count as empty, and which can be saved."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from codesign.shared.visible import shows_nothing

MAX_NUMBER = 10**15
"""The largest number that is accepted. Milliseconds since 1970 are smaller."""
MAX_KEY = 60
"""Most characters of an unknown key that an error repeats."""


def is_empty(value: Any) -> bool:
    """Return whether a value is no answer: null, false, [], {} or text that shows nothing."""
    if isinstance(value, str):
        return shows_nothing(value)
    return value is None or value is False or value == [] or value == {}


def without_empty(value: Mapping[Any, Any], known: Collection[str]) -> dict[str, Any]:
    """Return the entries that are not empty, with unknown keys made printable for errors."""
    return {
        key if key in known else printable_key(key): content
        for key, content in value.items()
        if not is_empty(content)
    }


def printable_key(key: Any) -> str:
    """Return an unknown key as an error can repeat it: short, and without NUL or surrogates."""
    return str(key)[:MAX_KEY].encode(errors="replace").decode().replace("\x00", "?")


def leaves_of(value: Any) -> Iterator[str | int | float]:
    """Yield every text (keys included) and number in a JSON value, at any depth."""
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
    """Return whether a number is finite and not larger than `MAX_NUMBER`."""
    return -MAX_NUMBER <= number <= MAX_NUMBER
