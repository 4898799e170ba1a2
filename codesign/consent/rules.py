"""Consent purposes, the checks before publishing a text, its hash and its readability."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from codesign.shared.visible import shows_nothing

MEANING = "I agree to take part, with the choices that I made when I signed."
"""What a signature means (standards 2.2), wherever a copy shows the choices."""
FIRST_MEANING = "I agree to take part as I chose below."
"""The wording of the first version, although copies show the choices above it."""


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
    LINKING = "linking"  # one pseudonym in all releases of the study


OPTIONAL = frozenset(Purpose) - {Purpose.TAKE_PART}


class WithdrawalLevel(StrEnum):
    """How far a withdrawal reaches (standards 2.8)."""

    STOP_TASKS = "stop_tasks"
    STOP_USE = "stop_use"
    ERASE = "erase"


def content_hash(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the text as signed: title, key information, sections, choices."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def choice_problem(granted: Iterable[str], offered: Iterable[str]) -> str | None:
    """Return why these choices cannot be signed, or None."""
    ticked, known = set(granted), set(offered)
    if ticked - known:
        return _("One of these choices is not part of this consent text.")
    if Purpose.TAKE_PART not in ticked:
        return _("To sign, tick that you want to take part. All other choices are optional.")
    return None


GAP = re.compile(r"\[\[(.+?)\]\]")
"""A gap in the example text that needs the study's own words: `[[who runs the study]]`."""
MOST_GAPS_TOLD = 20


def filled(content: Any, words: Mapping[str, str]) -> Any:
    """Return the content with the gaps in `words` filled in."""
    if isinstance(content, str):
        return GAP.sub(lambda gap: words.get(gap[1], gap[0]), content)
    if isinstance(content, Mapping):
        return {key: filled(value, words) for key, value in content.items()}
    if isinstance(content, list):
        return [filled(value, words) for value in content]
    return content


def texts_in(content: Any) -> Iterator[str]:
    """Yield every text in the content, in order."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping | list):
        for value in content.values() if isinstance(content, Mapping) else content:
            yield from texts_in(value)


def content_problems(content: Mapping[str, Any]) -> list[str]:
    """Return the reasons why a text cannot be published, as sentences."""
    problems = []
    if not _is_visible(content.get("title")):
        problems.append(_("The text needs a title."))
    if not any(_is_visible(point) for point in content.get("key_information") or []):
        problems.append(_("Add the key information."))
    sections = content.get("sections") or []
    if not sections:
        problems.append(_("The text needs at least one section with a heading."))
    for number, section in enumerate(sections, start=1):
        has_text = any(map(_is_visible, section.get("paragraphs", [])))
        if not _is_visible(section.get("heading")) or not has_text:
            sentence = _("Section %(number)d needs a heading and some text.")
            problems.append(sentence % {"number": number})
    problems += _choice_problems(content.get("choices") or [])
    gaps = [gap for text in texts_in(content) for gap in GAP.findall(text)]
    sentence = _("Replace “%(gap)s” with your own words.")
    open_gaps = [sentence % {"gap": gap.rstrip(".")} for gap in gaps]
    return problems + list(dict.fromkeys(open_gaps))[:MOST_GAPS_TOLD]


def _choice_problems(choices: list[Mapping[str, Any]]) -> list[str]:
    """Return problems of the choices: each purpose once, only taking part required (2.5)."""
    purposes = [choice.get("purpose") for choice in choices]
    problems = []
    if Purpose.TAKE_PART not in purposes:
        problems.append(_("One of the choices must be to take part."))
    if len(set(purposes)) < len(purposes) or set(purposes) - set(Purpose):
        problems.append(_("Each choice must be for one known purpose, and each purpose only once."))
    if not all(
        _is_visible(choice.get("title")) and _is_visible(choice.get("help")) for choice in choices
    ):
        problems.append(_("Each choice needs a title and an explanation."))
    if any(
        choice.get("required") is not (choice.get("purpose") == Purpose.TAKE_PART)
        for choice in choices
    ):
        problems.append(_("Only taking part can be a required choice."))
    return problems


def _is_visible(value: Any) -> bool:
    return isinstance(value, str) and not shows_nothing(value)


def words_of(text: str) -> list[str]:
    """Return the words of an English text in lower case."""
    plain = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)?", plain)


def syllables(word: str) -> int:
    """Return the number of vowel groups without a silent ending. Good enough for whole texts."""
    word = word.removesuffix("'s").replace("'", "")
    count = len(re.findall(r"[aeiouy]+", word))
    silent_e = word.endswith("e") and not re.search(r"[^aeiouy]le$", word)
    silent_ed = re.search(r"[^aeioutdy]ed$", word)
    silent_es = re.search(r"[^aeiouyscxzg]es$", word)
    return max(1, count - bool(silent_e or silent_ed or silent_es))


def reading_grade(paragraphs: Iterable[str]) -> float:
    """Return the Flesch-Kincaid grade of English paragraphs; 0 if there are no words.

    0.39 × words per sentence + 11.8 × syllables per word - 15.59. A grade is a year of school in
    the USA; people read grade 8 with ease at about fourteen (standards 2.14).
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
    """Return everything a person reads: points, paragraphs, and explanations of the choices."""
    parts = [text for part in content["sections"] for text in part["paragraphs"]]
    return [*content["key_information"], *parts, *(choice["help"] for choice in content["choices"])]
