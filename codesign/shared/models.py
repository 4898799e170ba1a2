"""Abstract base models, and triggers that protect or count rows."""

import uuid
from enum import StrEnum
from typing import Any

import pgtrigger
from django.db import models


class PublicModel(models.Model):
    """A row with a public id. The id is random, so it reveals neither order nor number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


def append_only() -> list[pgtrigger.Trigger]:
    """Return triggers for a table whose rows can never be changed or deleted."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
    ]


def write_once(*fields: str) -> list[pgtrigger.Trigger]:
    """Return triggers that protect the named columns from change and all rows from deletion."""
    return [
        pgtrigger.Protect(name="write_once", operation=pgtrigger.UpdateOf(*fields)),  # type: ignore[no-untyped-call]
        pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
    ]


def counting(*, name: str, func: str, changes: bool = False) -> pgtrigger.Trigger:
    """Return a trigger that runs once per statement that inserts rows, or updates them.

    `func` counts all rows of the statement at once: `made` holds the rows after it and, with
    `changes`, `gone` the rows before it.
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
    """Return a constraint that limits `field` to the values of `choices`."""
    condition: dict[str, Any] = {f"{field}__in": [str(choice) for choice in choices]}
    return models.CheckConstraint(condition=models.Q(**condition), name=name)
