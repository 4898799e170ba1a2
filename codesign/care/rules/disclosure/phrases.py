"""Phrases of the tables, and how they become patterns.

A phrase is a row of elements with spaces between them:

    word      this word                      a|b      either word
    SET       any word of that set           x?       optional (word, choice or set)
    ~3        up to three words of any kind  #        a number
    ^         start of the sentence          $        end of the sentence

A set lists words; `end_it_all` is three words. Words between elements (`~3`) are never `others`
("you", "she"), so "I think you want to die" is not "I want to die". The last three signs can be
choices too: `me|$`.

A phrase that begins with `&` wants its elements in one sentence in any order, and none that begins
with `!`: `& I ROPE !YOU`. There, `SET*2` is two words of a set.

All repetition is bounded, so a pattern takes time linear in the length of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from codesign.care.rules.disclosure.spelling import normal_word

MOST_WORDS = 24
"""Words of the longest match of a phrase."""
_ANY = "[^ ]+"
SIGNS = {"^": r"\A", "$": r"(?= \Z)", "#": r" \d+(?= )"}
"""Elements that are no words."""


class Urgency(TextChoices):
    """How soon a person should look."""

    IMMINENT = "imminent", _("imminent: within 12 hours")
    CONCERN = "concern", _("concern: on the next weekday")


@dataclass(frozen=True)
class Group:
    """Phrases that say the same kind of thing.

    `rises`: in a sentence with one of the phrases for `soon`, a match is imminent.
    """

    urgency: Urgency
    rises: bool
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """The table of a language, as `tables.py` reads it."""

    code: str
    sets: Mapping[str, list[str]]
    groups: tuple[Group, ...]
    lists: Mapping[str, list[str]]
    """Name → phrases or words: harmless, frames, soon, past, others, common, keys and so on."""

    @cached_property
    def words_of_sets(self) -> dict[str, list[str]]:
        """Set → its words in normal form; those of several words have spaces."""
        return {
            name: [" ".join(map(normal_word, word.split("_"))) for word in words]
            for name, words in self.sets.items()
        }

    @cached_property
    def _gap(self) -> str:
        others = "|".join(sorted(set(map(normal_word, self.lists["others"]))))
        return rf"(?: (?!(?:{others}) ){_ANY})"

    def choices(self, element: str) -> list[str]:
        """Return the words that an element matches; signs are none.

        Raises `KeyError` if it names a set that the table does not have.
        """
        words: list[str] = []
        for name in element.partition("*")[0].rstrip("?").split("|"):
            if name in SIGNS:
                continue
            if name.isupper() and name.isascii():
                words += self.words_of_sets[name]
            else:
                words.append(" ".join(map(normal_word, name.split("_"))))
        return words

    def pattern(self, elements: list[str], *, key: int | None = None) -> str:
        """Return a regular expression. The element at `key` becomes the group `key`."""
        if elements[0] == "&":
            return r"\A" + "".join(
                self._anywhere(element, key=place == key)
                for place, element in enumerate(elements[1:], start=1)
            )
        return "".join(
            f"(?P<key>{self._element(element)})" if place == key else self._element(element)
            for place, element in enumerate(elements)
        )

    def _anywhere(self, element: str, *, key: bool) -> str:
        if element[0] == "!":
            return f"(?!.*{self._element(element[1:])})"
        name, _, times = element.partition("*")
        pattern = self._element(name)
        named = f"(?P<key>{pattern})" if key else pattern
        return f"(?=.*?{named}{f'.*?{pattern}' * (int(times or 1) - 1)})"

    def _element(self, element: str) -> str:
        if element[0] == "~":
            return f"{self._gap}{{0,{int(element[1:])}}}?"
        names = element.rstrip("?").split("|")
        words = "|".join(map(re.escape, self.choices(element)))
        either = [f" (?:{words})(?= )"] if words else []
        either += [SIGNS[name] for name in names if name in SIGNS]
        return f"(?:{'|'.join(either)})" + ("?" if element[-1] == "?" else "")


def must_be_a_word(element: str) -> bool:
    """Return whether an element matches a word in every match, unlike gaps and optional ones."""
    return (
        element[0] not in "~&!"
        and element[-1] != "?"
        and SIGNS.keys().isdisjoint(element.split("|"))
    )


def either_of(language: Language, phrases: list[str], *, end: str = "") -> re.Pattern[str]:
    """Return one pattern that matches any of the phrases, followed by the expression `end`."""
    patterns = [language.pattern(phrase.split()) for phrase in phrases]
    return re.compile(f"(?:{'|'.join(patterns)}){end}")
