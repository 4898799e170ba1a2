"""Abstract bases, and the triggers that keep rows as written or count what is written."""

import uuid
from enum import StrEnum
from typing import Any

import pgtrigger
from django.db import models


class PublicModel(models.Model):
    """A row that people may refer to: its id is random, so it tells neither order nor number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


def append_only() -> list[pgtrigger.Trigger]:
    """Triggers for a table whose rows are written once and stay for ever."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
    ]


def write_once(*fields: str) -> list[pgtrigger.Trigger]:
    """Triggers for a table whose named columns stay as first written and whose rows stay."""
    return [
        pgtrigger.Protect(name="write_once", operation=pgtrigger.UpdateOf(*fields)),  # type: ignore[no-untyped-call]
        pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
    ]


def counting(*, name: str, func: str, changes: bool = False) -> pgtrigger.Trigger:
    """A trigger that runs once for all the rows that one statement makes, or changes.

    However many they are, `func` counts them at once: `made` are the rows as they are then, and
    `gone`, with `changes`, as they were before.
    """
    tables = {"new": "made"} | ({"old": "gone"} if changes else {})
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update if changes else pgtrigger.Insert,
        referencing=pgtrigger.Referencing(**tables),  # type: ignore[no-untyped-call]
        func=func,
    )


def one_of(field: str, choices: type[StrEnum], name: str) -> models.CheckConstraint:
    """A constraint that holds `field` to the values of `choices`."""
    condition: dict[str, Any] = {f"{field}__in": [str(choice) for choice in choices]}
    return models.CheckConstraint(condition=models.Q(**condition), name=name)
