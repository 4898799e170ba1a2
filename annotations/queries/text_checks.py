"""Queries for prompts and responses that may contain personal data."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from annotations.models import Assignment, ImportedJudgement, Prompt, Response
from annotations.models.querysets import in_use
from annotations.rules.text_kinds import TextCheck
from codesign.shared.counts import sum_of, up_to_most
from codesign.shared.errors import NotFound

FOUND = (TextCheck.FOUND, TextCheck.CLEARED, TextCheck.KEPT_OUT)


class Kind(StrEnum):
    """The kind of text."""

    PROMPT = "prompt"
    RESPONSE = "response"


def table(kind: Kind) -> QuerySet[Any]:
    """Return all rows of a kind."""
    rows: QuerySet[Any] = Prompt.objects.all() if kind is Kind.PROMPT else Response.objects.all()
    return rows


def _of_study(kind: Kind, study_id: uuid.UUID) -> QuerySet[Any]:
    if kind is Kind.PROMPT:
        return table(kind).filter(~Q(text_check=TextCheck.CLEAR), study_id=study_id)
    return table(kind).filter(~Q(text_check=TextCheck.CLEAR), prompt__study_id=study_id)


def not_looked_at(*, kind: Kind, study_id: uuid.UUID, most: int) -> list[tuple[uuid.UUID, str]]:
    """Return (id, text) of unchecked texts of judged prompts, which a release may contain.

    Prompts with imported judgements count too.
    """
    prompt = OuterRef("id" if kind is Kind.PROMPT else "prompt")
    judged = Exists(Assignment.objects.submitted().filter(prompt=prompt))
    imported = Exists(ImportedJudgement.objects.filter(response__prompt=prompt))
    rows = _of_study(kind, study_id).filter(judged | imported, text_check=TextCheck.UNCHECKED)
    if kind is Kind.RESPONSE:
        return list(rows.values_list("id", "text")[:most])
    return [(id, _text_of(messages)) for id, messages in rows.values_list("id", "messages")[:most]]


def _text_of(messages: list[dict[str, str]]) -> str:
    return "\n".join(message["content"] for message in messages)


def found(*, kind: Kind, study_id: uuid.UUID, decided: bool) -> QuerySet[Any]:
    """Return texts in which personal data may be: undecided ones, or decided ones."""
    states = FOUND[1:] if decided else FOUND[:1]
    rows = _of_study(kind, study_id).filter(text_check__in=states)
    rows = rows.filter(in_use())
    if kind is Kind.RESPONSE:
        rows = rows.filter(in_use("prompt")).select_related("prompt")
    return rows.order_by("id")


def how_many_wait(*, study_id: uuid.UUID) -> int:
    """Return the number of texts to decide on, up to the limit of `shared.counts`."""
    return sum_of(up_to_most(found(kind=kind, study_id=study_id, decided=False)) for kind in Kind)


def one(*, kind: Kind, study_id: uuid.UUID, text_id: uuid.UUID) -> Any:
    """Return a text of a study that may contain personal data."""
    row = _of_study(kind, study_id).filter(id=text_id, text_check__in=FOUND).first()
    if row is None:
        raise NotFound(_("This study has no such text."))
    return row
