"""Validation of prompts, hashes of their content, and their first split group.

Errors are in English and not translated: the process that reads files makes them without Django's
settings, and they are stored with the import.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotations.rules.text_kinds import Category
from annotations.rules.texts import storable
from codesign.shared.visible import shows_nothing

MAX_CHARACTERS = 50_000
"""Most characters of one turn or one response."""
MAX_TURNS = 200
MAX_TOPICS = 20
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,2}")
_CATEGORIES = tuple(Category)
_FIELD_LIMITS = {"external_id": 120, "family": 120, "language": 12}

BEHIND_ROLE = "\x1f"

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One prompt of an import. `line` is its line in the file, for error messages."""

    messages: Sequence[Message]
    line: int = 0
    external_id: str = ""
    category: str = Category.EDUCATION
    topics: Sequence[str] = field(default_factory=tuple)
    intensity: int = 1
    language: str = "en"
    held_out: bool = False
    family: str = ""
    intensity_said: bool = True
    """Whether the file gives the intensity, or the import had to choose it."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """An error in one row, and its line in the file."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


def normalised(text: str) -> str:
    """Normalise compatibility characters, case and white space, for comparing texts."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _digest(parts: Iterable[str]) -> bytes:
    return hashlib.sha256("\x1e".join(parts).encode()).digest()


def turns(messages: Sequence[Message]) -> list[str]:
    """Return each turn as one line: role and normalised text."""
    return [f"{m['role']}{BEHIND_ROLE}{normalised(m['content'])}" for m in messages]


def content_hash(messages: Sequence[Message]) -> str:
    """Return the SHA-256 of the normalised conversation, in hex."""
    return hash_of_turns(turns(messages))


def hash_of_turns(talk: Sequence[str]) -> str:
    """Return the content hash of normalised turns."""
    return _digest(talk).hex()


def same_texts(messages: Sequence[Message], talk: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the turns as they must be equal in rows of one prompt.

    White space, case and Unicode composition make no difference; compatibility characters do, since
    10² and 102 are two numbers. For ASCII alone, it is what `turns` returned (`talk`).
    """
    if talk is not None and all(m["content"].isascii() for m in messages):
        return tuple(talk)
    return tuple(f"{m['role']}{BEHIND_ROLE}{_composed(m['content'])}" for m in messages)


def _composed(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def id_of_text(texts: Sequence[str], language: str) -> str:
    """Return the external id of a prompt that came without one, from `same_texts`."""
    return f"text-{_digest((*texts, language.lower())).hex()[:16]}"


def older_id_of_text(digest: str) -> str:
    """Return the external id that older versions made from the content hash alone."""
    return f"text-{digest[:16]}"


def first_group(study_id: uuid.UUID, digest: str) -> uuid.UUID:
    """Return the split group of a prompt on its own. Joined groups take the smallest id."""
    # Same result as `uuid.uuid5`, but faster: it is called for every row of a file.
    named = hashlib.sha1(study_id.bytes + digest.encode(), usedforsecurity=False)
    return uuid.UUID(bytes=named.digest()[:16], version=5)


def text_problem(text: Any, what: str) -> str | None:
    """Return what is wrong with the text of a turn or response, or None."""
    if not isinstance(text, str):
        return f"{what} must be text."
    if shows_nothing(text):
        return f"{what} is empty."
    if "\x00" in text:
        return f"{what} contains a NUL character, which cannot be saved."
    if not storable(text):
        return f"{what} is not Unicode text (UTF-8)."
    if len(text) > MAX_CHARACTERS:
        return f"{what} has {len(text):,} characters; the limit is {MAX_CHARACTERS:,}."
    return None


def messages_problem(messages: Any) -> str | None:
    """Return what is wrong with a conversation, or None."""
    if not isinstance(messages, list | tuple) or not messages:
        return "the prompt must be text or a list of turns."
    if len(messages) > MAX_TURNS:
        return f"the prompt has {len(messages)} turns; the limit is {MAX_TURNS}."
    for number, turn in enumerate(messages, 1):
        if problem := _turn_problem(turn, number):
            return problem
    if messages[-1]["role"] == "assistant":
        return "the prompt must end with a turn of the user, not of the assistant."
    return None


def _turn_problem(turn: Any, number: int) -> str | None:
    if not isinstance(turn, Mapping) or set(turn) != {"role", "content"}:
        return f'turn {number} must be {{"role": …, "content": …}}.'
    if turn["role"] == "system":
        return f"turn {number} is a system turn; system messages belong to generation runs."
    if turn["role"] not in ("user", "assistant"):
        return f"turn {number} has the unknown role {turn['role']!r}; use user or assistant."
    return text_problem(turn["content"], f"the text of turn {number}")


def row_problem(row: PromptRow) -> str | None:
    """Return what is wrong with a row, or None."""
    return messages_problem(row.messages) or fields_problem(row)


def fields_problem(row: PromptRow) -> str | None:
    """Return what is wrong with the fields of a row besides its messages, or None."""
    for name, limit in _FIELD_LIMITS.items():
        value = getattr(row, name)
        if not isinstance(value, str) or not storable(value) or len(value) > limit:
            return f"{name} must be text of at most {limit} characters."
    if row.category not in _CATEGORIES:
        known = ", ".join(Category)
        return f"the category {row.category!r} is unknown; use one of {known}."
    if type(row.intensity) is not int or not 1 <= row.intensity <= 3:
        return f"intensity must be 1 (light), 2 or 3 (heavy), not {row.intensity!r}."
    if type(row.held_out) is not bool:
        return f"held_out must be true or false, not {row.held_out!r}."
    if not _LANGUAGE.fullmatch(row.language):
        return f"language must be a code such as en or pt-BR, not {row.language!r}."
    return _topics_problem(row.topics)


def _topics_problem(topics: Any) -> str | None:
    if not isinstance(topics, list | tuple) or len(topics) > MAX_TOPICS:
        return f"topics must be a list of at most {MAX_TOPICS} words."
    for topic in topics:
        fine = isinstance(topic, str) and not shows_nothing(topic) and storable(topic)
        if not fine or len(topic) > 60:
            return f"the topic {topic!r} must be text of at most 60 characters."
    return None
