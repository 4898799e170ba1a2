"""Purposes, what a text must say before it is published, its hash, how hard it is to read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from codesign.shared.visible import shows_nothing

MEANING = "I agree to take part, with the choices that I made when I signed."
"""What a signature means (standards 2.2); true wherever a rendering puts the choices."""
FIRST_MEANING = "I agree to take part as I chose below."
"""The words that the first version kept, although every copy shows the choices above them."""


class Purpose(StrEnum):
    """Separate, unticked choices (standards 2.5); taking part never depends on an optional one."""

    TAKE_PART = "take_part"
    TRAINING = "training"
    EVALUATION = "evaluation"
    COMMERCIAL = "commercial"
    PUBLICATION = "publication"
    DEMOGRAPHICS = "demographics"
    QUOTATION = "quotation"
    RECONTACT = "recontact"
    CREDIT = "credit"


OPTIONAL = frozenset(Purpose) - {Purpose.TAKE_PART}


class WithdrawalLevel(StrEnum):
    """How far a withdrawal goes (standards 2.8)."""

    STOP_TASKS = "stop_tasks"
    STOP_USE = "stop_use"
    ERASE = "erase"


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256, hex, over the text as signed: title, key information, sections, choices."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def choice_problem(granted: Iterable[str], offered: Iterable[str]) -> str | None:
    """Why these ticks cannot be signed; None where they can."""
    ticked, known = set(granted), set(offered)
    if ticked - known:
        return "One of these choices is not part of this consent."
    if Purpose.TAKE_PART not in ticked:
        return "To sign, tick that you want to take part. Everything else is up to you."
    return None


GAP = re.compile(r"\[\[(.+?)\]\]")
"""Where an example waits for words of one's own: `[[who runs the study]]`."""
MOST_GAPS_TOLD = 20


def filled(content: Any, words: Mapping[str, str]) -> Any:
    """The same content with every gap that `words` knows filled in; others stay."""
    if isinstance(content, str):
        return GAP.sub(lambda gap: words.get(gap[1], gap[0]), content)
    if isinstance(content, Mapping):
        return {key: filled(value, words) for key, value in content.items()}
    if isinstance(content, list):
        return [filled(value, words) for value in content]
    return content


def texts_in(content: Any) -> Iterator[str]:
    """Every piece of text of a content, in its order."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping | list):
        for value in content.values() if isinstance(content, Mapping) else content:
            yield from texts_in(value)


def content_problems(content: Mapping[str, Any]) -> list[str]:
    """Why a text cannot be published, in sentences; empty where it can."""
    problems = []
    if not _said(content.get("title")):
        problems.append("The text needs a title.")
    if not any(_said(point) for point in content.get("key_information") or []):
        problems.append("Say the most important things first.")
    sections = content.get("sections") or []
    if not sections:
        problems.append("The text needs at least one part with a heading.")
    for number, section in enumerate(sections, start=1):
        if not _said(section.get("heading")) or not any(map(_said, section.get("paragraphs", []))):
            problems.append(f"Part {number} needs a heading and something below it.")
    problems += _choice_problems(content.get("choices") or [])
    gaps = [gap for text in texts_in(content) for gap in GAP.findall(text)]
    waiting = [f"Put your own words where it says “{gap.rstrip('.')}”." for gap in gaps]
    return problems + list(dict.fromkeys(waiting))[:MOST_GAPS_TOLD]


def _choice_problems(choices: list[Mapping[str, Any]]) -> list[str]:
    """Each purpose once, in words; taking part among them and nothing else required (2.5)."""
    purposes = [choice.get("purpose") for choice in choices]
    problems = []
    if Purpose.TAKE_PART not in purposes:
        problems.append("One of the choices must be to take part.")
    if len(set(purposes)) < len(purposes) or set(purposes) - set(Purpose):
        problems.append("Each choice must be for one known purpose, and each purpose comes once.")
    if not all(_said(choice.get("title")) and _said(choice.get("help")) for choice in choices):
        problems.append("Each choice needs a title and a sentence that says what it means.")
    if any(
        choice.get("required") is not (choice.get("purpose") == Purpose.TAKE_PART)
        for choice in choices
    ):
        problems.append("Taking part is the one choice that may be required.")
    return problems


def _said(value: Any) -> bool:
    return isinstance(value, str) and not shows_nothing(value)


def words_of(text: str) -> list[str]:
    """The words of an English text, in small letters."""
    plain = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)?", plain)


def syllables(word: str) -> int:
    """Vowel groups, less a silent ending: close enough to a dictionary over a whole text."""
    word = word.removesuffix("'s").replace("'", "")
    count = len(re.findall(r"[aeiouy]+", word))
    silent_e = word.endswith("e") and not re.search(r"[^aeiouy]le$", word)
    silent_ed = re.search(r"[^aeioutdy]ed$", word)
    silent_es = re.search(r"[^aeiouyscxzg]es$", word)
    return max(1, count - bool(silent_e or silent_ed or silent_es))


def reading_grade(paragraphs: Iterable[str]) -> float:
    """Flesch-Kincaid grade of English: 0.39 words a sentence + 11.8 syllables a word - 15.59.

    A grade is a year of school in the USA; 8 is read with ease at about fourteen (standards 2.14).
    0 where there are no words.
    """
    sentences = [
        words_of(s) for p in paragraphs for s in re.split(r"[.!?]+(?:\s+|$)", p) if words_of(s)
    ]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    per_word = sum(map(syllables, words)) / len(words)
    return 0.39 * len(words) / len(sentences) + 11.8 * per_word - 15.59


def paragraphs_of(content: Mapping[str, Any]) -> list[str]:
    """What one reads of a text: its points, its paragraphs, what each choice means."""
    parts = [text for part in content["sections"] for text in part["paragraphs"]]
    return [*content["key_information"], *parts, *(choice["help"] for choice in content["choices"])]
