"""Rows of an import as prompts, and what must be equal in rows of one prompt."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy

from annotations.models import Prompt
from annotations.rules import prompts as rules
from annotations.rules.prompts import PromptRow
from annotations.rules.texts import first_check
from codesign.shared.visible import seen

TELLING = {
    "texts": gettext_lazy("text"),
    "category": gettext_lazy("category"),
    "topics": gettext_lazy("list of topics"),
    "intensity": gettext_lazy("intensity"),
    "language": gettext_lazy("language"),
    "held_out": gettext_lazy("“held out”"),
    "family": gettext_lazy("family"),
}
"""Field → label, for the fields that must be equal in rows with the same external id."""
_TELLING = attrgetter(*TELLING)
FIELD_BITS = 40
MARK_BITS = FIELD_BITS * len(TELLING)
FIELD = (1 << FIELD_BITS) - 1
_INTENSITY = FIELD << FIELD_BITS * list(reversed(TELLING)).index("intensity")
"""The bits of the intensity in a mark."""


@dataclass(slots=True)
class Incoming:
    """A row of an import, with the fields of the table of prompts."""

    id: uuid.UUID
    external_id: str
    messages: list[dict[str, str]]
    content_hash: str
    category: str
    topics: list[str]
    intensity: int
    language: str
    held_out: bool
    family: str
    split_group: uuid.UUID
    text_check: str
    texts: tuple[str, ...]
    """The turns in the form in which they are compared, to find rows of the same prompt."""
    older_id: str
    """The id that an older version gave to this text; empty if the row has an id of its own."""


def incoming(*, study_id: uuid.UUID, row: PromptRow, talk: Sequence[str]) -> Incoming:
    """Return the fields of a row that has passed `row_problem`; `talk` is from `rules.turns`."""
    digest = rules.hash_of_turns(talk)
    texts, own_id = rules.same_texts(row.messages, talk), seen(row.external_id)
    return Incoming(
        id=uuid.uuid4(),
        external_id=own_id or rules.id_of_text(texts, row.language),
        messages=[{"role": m["role"], "content": m["content"]} for m in row.messages],
        content_hash=digest,
        category=str(row.category),
        topics=[" ".join(topic.split()) for topic in row.topics],
        intensity=row.intensity,
        language=row.language,
        held_out=row.held_out,
        family=seen(row.family),
        split_group=rules.first_group(study_id, digest),
        text_check=first_check(*(m["content"] for m in row.messages)),
        texts=texts,
        older_id="" if own_id else rules.older_id_of_text(digest),
    )


def mark_of(*, prompt: Incoming) -> int:
    """Return short hashes of the fields that must be equal in rows of one prompt."""
    return _hashes(_TELLING(prompt))


def mark_of_stored(*, prompt: Prompt) -> int:
    """Return the mark of a prompt of the study (see `mark_of`)."""
    texts = rules.same_texts(prompt.messages)
    return _hashes(texts if name == "texts" else getattr(prompt, name) for name in TELLING)


def is_of(*, stored: Prompt, prompt: Incoming) -> bool:
    """Return whether a stored prompt has the same text and language as a row."""
    return stored.language == prompt.language and rules.same_texts(stored.messages) == prompt.texts


def _hashes(values: Iterable[Any]) -> int:
    mark = 0
    for value in values:
        mark = mark << FIELD_BITS | hash(tuple(value) if type(value) is list else value) & FIELD
    return mark


def difference(*, first: int, second: int, intensity_said: bool = True) -> str | None:
    """Return the label of the first field in which two marks differ, or None.

    A missing intensity in the second one is not a difference.
    """
    different = first ^ second
    if not intensity_said:
        different &= ~_INTENSITY
    place = (different.bit_length() + FIELD_BITS - 1) // FIELD_BITS
    return str(list(TELLING.values())[-place]) if different else None
