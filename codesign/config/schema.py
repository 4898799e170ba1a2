"""Creates the tables of an empty database in one go, from the statements of all migrations.

Migrations change a schema step by step, and Django rebuilds its picture of all models at every
step: four fifths of the time of a first start. Their statements are recorded in `schema.json`
(`make schema`) and run unchanged where a database is empty (decision 35). If the migrations
on disk are not those that were recorded, Django runs them one by one, as it always does later.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

FILE = Path(__file__).with_name("schema.json")
READS = ("SELECT", "INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE")
"""Statements that leave no trace in the schema: Django's own book-keeping, and moves of rows."""

MOMENT = re.compile(r"'\d{4}-\d\d-\d\d \d\d:[^']*'::timestamptz")
"""The default of a new column while it is added; it would differ in every recording."""


def create_all() -> bool:
    """Create all tables of an empty database; return whether it was done.

    The migrations count as applied. Everything or nothing: it is one transaction.
    """
    loader = MigrationLoader(connection)
    if loader.applied_migrations or connection.introspection.table_names():
        return False
    statements = statements_for(loader, FILE)
    if statements is None:
        return False
    executor = MigrationExecutor(connection)
    with transaction.atomic(), connection.cursor() as cursor:
        executor.recorder.ensure_schema()
        for statement in statements:
            cursor.execute(statement)
        for app_label, name in sorted(loader.disk_migrations):
            executor.recorder.record_applied(app_label, name)
    return True


def statements_for(loader: MigrationLoader, file: Path) -> list[str] | None:
    """Return the recorded statements, or None if they are not those of these migrations."""
    if not file.exists():
        return None
    recorded = json.loads(file.read_text(encoding="utf-8"))
    return recorded["statements"] if recorded["migrations"] == digest(loader) else None


def record(file: Path) -> None:
    """Run all migrations on the empty database that is connected, and write their statements."""
    loader = MigrationLoader(connection)
    statements: list[str] = []
    executor = MigrationExecutor(connection)
    with _listening(statements.append):
        executor.migrate(executor.loader.graph.leaf_nodes())
    content = {"migrations": digest(loader), "statements": statements}
    file.write_text(json.dumps(content, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def digest(loader: MigrationLoader) -> str:
    """Return the SHA-256 of the source of all migrations, those of libraries too."""
    digested = hashlib.sha256()
    for key in sorted(loader.disk_migrations):
        source = inspect.getsource(inspect.getmodule(type(loader.disk_migrations[key])))  # type: ignore[arg-type]
        digested.update(f"{key}\n{source}\n".encode())
    return digested.hexdigest()


@contextmanager
def _listening(hear: Callable[[str], None]) -> Iterator[None]:
    """Hear every statement that can change the schema; those of migrations have no parameters."""

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if not sql.lstrip().upper().startswith(READS) and "django_migrations" not in sql:
            if params:
                raise ValueError(f"A migration runs a statement with parameters: {sql}")
            hear(MOMENT.sub("now()", sql % () if params is not None else sql))
        return done

    with connection.execute_wrapper(listen):
        yield
