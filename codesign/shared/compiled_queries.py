"""SQL that is compiled once: for the few statements of the judging queue.

Django compiles the SQL of a queryset or of an insert at each use, which takes about 0.25 ms of
processor time. Running a statement that the server has prepared takes a tenth of that (decision
11). Everything outside of the judging queue uses querysets.
"""

from __future__ import annotations

import inspect
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Field, Model, QuerySet
from django.db.models.fields import NOT_PROVIDED
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)

PLACEHOLDERS: Mapping[str, Callable[[int], Any]] = {
    "uuid.UUID": lambda number: uuid.UUID(int=number),
    "datetime": lambda number: datetime(1, 1, number, tzinfo=UTC),
    "str": lambda number: f"?{number}?",
}
"""By the type of a parameter: values that take its place while the SQL is compiled."""
PLACE = re.compile("%[%s]")


@dataclass(frozen=True)
class Statement:
    """SQL, the names of its parameters in their order, and how Django reads its columns.

    Constants are part of the SQL, so that PostgreSQL can plan once for all uses: a partial index
    serves only where its condition is known to hold.
    """

    sql: str
    parameters: tuple[str, ...]
    columns: list[Any]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]
    shape: Any
    related: list[Any]
    annotations: list[tuple[str, int]]
    """(name, place among the columns)"""

    @classmethod
    def of(cls, build: Callable[..., QuerySet[Any, Any]]) -> Statement:
        """Compile the queryset that `build` makes of placeholders."""
        names = inspect.signature(build).parameters.values()
        names_of = {
            PLACEHOLDERS[one.annotation](n): one.name for n, one in enumerate(names, start=1)
        }
        compiler: Any = build(*names_of).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        if not set(names_of) <= set(parameters):
            raise ValueError(f"{build.__name__} does not use all of its parameters")
        values = iter(parameters)
        sql = PLACE.sub(lambda place: _at(place[0], values, names_of), sql)
        columns = [column[0] for column in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns).items()
        shape = compiler.klass_info
        return cls(
            sql=sql,
            parameters=tuple(names_of[one] for one in parameters if one in names_of),
            columns=columns,
            converters=[(place, *how) for place, how in converters],
            shape=shape,
            related=_related(shape, compiler.select) if shape else [],
            annotations=list(compiler.annotation_col_map.items()),
        )


def _at(place: str, values: Iterator[Any], names_of: Mapping[Any, str]) -> str:
    """The SQL at one place: a parameter remains one, a constant is written out."""
    if place == "%%":
        return place
    value = next(values)
    if value in names_of:
        return place
    postgres: Any = connection.ops
    constant: str = postgres.compose_sql("%s", [value])
    return constant.replace("%", "%%")


def _related(shape: Any, select: Any) -> list[Any]:
    """Django's populators for `select_related`; the stubs know a later Django."""
    return get_related_populators(shape, select, "default")  # type: ignore[call-arg]


class CompiledQuery(Generic[M]):
    """Decorates a function that makes a queryset: its SQL is compiled at the first use and kept.

    The function is called once, with placeholders for its parameters, which it may only pass to
    filters. Each use passes real values and runs one query. No result is kept.
    """

    def __init__(self, build: Callable[..., QuerySet[M, Any]]) -> None:
        """Remember the function; the models are not loaded yet."""
        self._build = build

    @cached_property
    def _statement(self) -> Statement:
        return Statement.of(self._build)

    @property
    def sql(self) -> str:
        """The SQL, for use inside of another statement; `parameters` gives its values."""
        return self._statement.sql

    def parameters(self, **values: Any) -> list[Any]:
        """The parameters of `sql` for one use."""
        return [values[name] for name in self._statement.parameters]

    def rows(self, **values: Any) -> list[list[Any]]:
        """Every row as plain values."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.parameters(**values))
            rows = [list(row) for row in cursor.fetchall()]
        for place, converters, column in self._statement.converters:
            for row in rows:
                for convert in converters:
                    row[place] = convert(row[place], column, connection)
        return rows

    def all(self, **values: Any) -> list[M]:
        """Every row as an instance, with what `select_related` and `annotate` name."""
        return [self._instance(row) for row in self.rows(**values)]

    def first(self, **values: Any) -> M | None:
        """The first row as an instance, or None; the queryset itself says `[:1]`."""
        rows = self.all(**values)
        return rows[0] if rows else None

    def _instance(self, row: list[Any]) -> M:
        statement = self._statement
        own = statement.shape["select_fields"]
        start, end = own[0], own[-1] + 1
        names = [column.target.attname for column in statement.columns[start:end]]
        made: M = statement.shape["model"].from_db("default", names, row[start:end])
        for populator in statement.related:
            populator.populate(row, made)
        for name, place in statement.annotations:
            setattr(made, name, row[place])
        return made


@lru_cache
def _insert(model: type[Model], rows: int) -> tuple[str, list[Field[Any, Any]]]:
    """SQL that inserts so many rows, and the fields whose values it takes, row by row."""
    meta = model._meta
    fields = [
        field
        for field in meta.concrete_fields
        if field.db_default is NOT_PROVIDED and field.get_internal_type() != "BigAutoField"
    ]
    places = ", ".join(
        field.get_placeholder(None, None, connection) if hasattr(field, "get_placeholder") else "%s"
        for field in fields
    )
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join([f"({places})"] * rows)
    sql = f'INSERT INTO "{meta.db_table}" ({columns}) VALUES {values}'  # noqa: S608 - our own names
    return sql, fields


def insert(*rows: Model) -> None:
    """Insert new rows of one model, as `bulk_create` does: no signals; ids that count stay empty.

    Columns with a default of the database get it.
    """
    sql, fields = _insert(type(rows[0]), len(rows))
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    for row in rows:
        row._state.adding, row._state.db = False, "default"
