"""Reading what somebody sent, value by value, and collecting what is wrong at its field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from annotations.rules.texts import one_line_ending
from codesign.shared.visible import shows_nothing

MAX_TEXT = 50_000
"""Characters of one text."""
MAX_ITEMS = 500
"""Entries of one list."""
MAX_NUMBER = 10**15
"""Nothing that is asked for is larger; milliseconds since 1970 are smaller."""
SHOWN_KEY = 60
"""Characters of an unknown key that an error repeats."""


def is_empty(value: Any) -> bool:
    """What a form or program sends where nothing was given; never refused."""
    return value is None or value is False or value in ("", [], {}) or _blank(value)


def _blank(value: Any) -> bool:
    return isinstance(value, str) and shows_nothing(value)


def storable(text: str) -> bool:
    """Whether the database can keep the text: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def sensible(number: int | float) -> bool:
    """Whether a number is one that anybody means: finite, and not of hundreds of digits."""
    return -MAX_NUMBER <= number <= MAX_NUMBER


def field_name(key: Any) -> str:
    """An unknown key as an error may repeat it."""
    return str(key)[:SHOWN_KEY].encode(errors="replace").decode().replace("\x00", "?")


def leaves_of(value: Any) -> Iterator[str | int | float]:
    """Every text (keys too) and number in a JSON value, however deep."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str | int | float):
            yield part
        elif isinstance(part, Mapping):
            left += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            left += part


class Reader:
    """Reads parts of one submission; `errors` maps a field's path to sentences."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def wrong(self, path: str, sentence: str) -> None:
        """Add a sentence at a field."""
        self.errors.setdefault(path, []).append(sentence)

    def unknown_keys(self, value: Mapping[str, Any], known: set[str], path: str = "") -> None:
        """Refuse keys that nobody asked for, unless they are empty."""
        for key, content in value.items():
            if key not in known and not is_empty(content):
                self.wrong(f"{path}{field_name(key)}", "This field is not known here.")

    def text(self, value: Any, path: str, *, limit: int = MAX_TEXT) -> str:
        """A text without surrounding blanks; empty where nothing was given."""
        if is_empty(value):
            return ""
        if not isinstance(value, str):
            self.wrong(path, "Please send this as text.")
            return ""
        value = one_line_ending(value)
        if len(value) > limit:
            self.wrong(path, f"This is longer than {limit:,} characters. Please shorten it.")
            return ""
        if not storable(value):
            self.wrong(path, "This holds a character that cannot be stored. Please remove it.")
            return ""
        return value.strip()

    def whole(self, value: Any, path: str, low: int, high: int) -> int | None:
        """A whole number from low to high; None, with a sentence, where it is not."""
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.wrong(path, f"Please give a whole number from {low} to {high}.")
        return None

    def items(
        self, body: Mapping[str, Any], field: str, known: set[str], meaningful: set[str]
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The objects of a list with their paths, without those that say nothing."""
        value = body.get(field)
        if is_empty(value):
            return
        if not isinstance(value, list):
            self.wrong(field, "Please send a list.")
            return
        if len(value) > MAX_ITEMS:
            self.wrong(field, f"These are more than {MAX_ITEMS} entries.")
            return
        for place, item in enumerate(value):
            path = f"{field}.{place}"
            if not isinstance(item, Mapping):
                self.wrong(path, "Please send an object.")
                continue
            self.unknown_keys(item, known, f"{path}.")
            if any(not is_empty(item.get(key)) for key in meaningful):
                yield path, item
