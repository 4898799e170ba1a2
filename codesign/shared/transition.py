"""The one way in which a row's state changes: by its declared table, with a log row.

`codesign.shared.states` declares the tables. Services register a machine for each model, with the
function that writes its log row (for most, an event of the audit trail).

Items are the exception: rows that move by the thousands as parts of the work of another row, whose
log tells of them. One module moves them (decision 26). `tests/guards/test_states.py` refuses every
other way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from codesign.shared.actors import Actor
from codesign.shared.states import Transitions


@dataclass(frozen=True)
class Move:
    """A change of state that has just been written."""

    row: Any
    old: str
    new: str
    actor: Actor
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Machine:
    """The states of a model's column: which may follow which, and how a move is logged."""

    table: Transitions
    log: Callable[[Move], object]


@dataclass(frozen=True)
class Items:
    """The states of items, which have no log rows of their own."""

    table: Transitions
    module: str
    """The only module that moves them."""
    logged_by: str
    """The row whose log tells of their moves."""


MACHINES: dict[tuple[type[models.Model], str], Machine] = {}
ITEMS: dict[tuple[type[models.Model], str], Items] = {}


def machine(
    model: type[models.Model],
    table: Transitions,
    *,
    log: Callable[[Move], object],
    field: str = "state",
) -> None:
    """Register how the rows of a model move; once for each column that holds a state."""
    if (model, field) in MACHINES:
        raise ValueError(f"{model.__name__}.{field} is registered twice")
    MACHINES[model, field] = Machine(table, log)


def machine_of_items(
    model: type[models.Model],
    table: Transitions,
    *,
    module: str,
    logged_by: str,
    field: str = "state",
) -> None:
    """Register how the items of a model move, and in which module; once for each column."""
    if (model, field) in ITEMS:
        raise ValueError(f"{model.__name__}.{field} is registered twice")
    ITEMS[model, field] = Items(table, module, logged_by)


def move_items(
    rows: models.QuerySet[Any], *, old: str, to: str, field: str = "state", **changes: Any
) -> int:
    """Move the items that are in state `old`, in one statement; return their number.

    `changes` are other columns that are written in the same statement. Raises Conflict if the table
    does not allow the move.
    """
    values = {field: ITEMS[rows.model, field].table.check(old, to), **changes}
    return rows.filter(**{field: old}).update(**values)


def transition(
    row: models.Model,
    *,
    to: str,
    actor: Actor,
    field: str = "state",
    changes: Mapping[str, Any] | None = None,
    write: Callable[[], object] | None = None,
    **data: Any,
) -> Move:
    """Move a row to another state, together with other columns of it, and log the move.

    `changes` are columns that are written in the same statement; `data` goes to the log. Raises
    Conflict where the table does not allow the move, or where somebody else has moved the row
    since it was read. The caller's transaction holds both, the state and its log row.

    `write` writes the row in a statement of the caller's, where that does more than set columns;
    the caller has locked the row.
    """
    machine = MACHINES[type(row), field]
    old = getattr(row, field)
    values = {field: machine.table.check(old, to), **(changes or {})}
    if write is None:
        same = type(row)._default_manager.filter(pk=row.pk, **{field: old})
        if not same.update(**values):
            row.refresh_from_db(fields=[field])
            machine.table.refuse(getattr(row, field))
    for name, value in values.items():
        setattr(row, name, value)
    if write is not None:
        write()
    move = Move(row, old, to, actor, data)
    machine.log(move)
    return move
