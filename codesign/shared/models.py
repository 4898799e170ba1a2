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


class Guard(pgtrigger.Trigger):
    """A trigger that no session can switch off.

    Each function of pgtrigger first calls `_pgtrigger_should_ignore(TG_NAME)`, which compares that
    name with the setting `pgtrigger.ignore`. Any role may set it, the application's too. Here a
    variable without a value hides PostgreSQL's TG_NAME, so no list of names ever matches
    (decision 51).
    """

    def get_declare(self, model: models.Model) -> list[tuple[str, str]]:
        """Declare the variable before the trigger's own."""
        return [("tg_name", "CONSTANT name := NULL"), *super().get_declare(model)]


class Refusal(Guard, pgtrigger.Protect):
    """A trigger that refuses its operation."""


def append_only() -> list[pgtrigger.Trigger]:
    """Return triggers for a table whose rows can never be changed or deleted."""
    return [Refusal(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


def write_once(*fields: str) -> list[pgtrigger.Trigger]:
    """Return triggers that protect the id and the named columns, and all rows from deletion."""
    return [
        Refusal(name="write_once", operation=pgtrigger.UpdateOf("id", *fields)),  # type: ignore[no-untyped-call]
        Refusal(name="no_delete", operation=pgtrigger.Delete),
    ]


def counting(*, name: str, func: str, changes: bool = False) -> pgtrigger.Trigger:
    """Return a trigger that runs once per statement that inserts rows, or updates them.

    `func` counts all rows of the statement at once: `made` holds the rows after it and, with
    `changes`, `gone` the rows before it.
    """
    tables = {"new": "made"} | ({"old": "gone"} if changes else {})
    return Guard(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update if changes else pgtrigger.Insert,
        referencing=pgtrigger.Referencing(**tables),  # type: ignore[no-untyped-call]
        func=func,
    )


def at_commit(*, name: str, func: str) -> pgtrigger.Trigger:
    """Return a trigger that checks each inserted row when its transaction commits."""
    return Guard(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=func,
    )


def one_of(field: str, choices: type[StrEnum], name: str) -> models.CheckConstraint:
    """Return a constraint that limits `field` to the values of `choices`."""
    condition: dict[str, Any] = {f"{field}__in": [str(choice) for choice in choices]}
    return models.CheckConstraint(condition=models.Q(**condition), name=name)
