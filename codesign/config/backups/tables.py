"""Exporting and importing rows of PostgreSQL with COPY on an ordinary connection.

pg_dump is not used: the embedded one has no TLS, and an operator's server may be newer. Migrations
create the tables, so only rows are saved.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from codesign.config.backups.archive import (
    CHUNK,
    TABLES,
    BackupError,
    Manifest,
    hash_of,
    open_new,
)

Connection = psycopg.Connection[Any]

EACH_TABLE = """
SELECT c.relname,
       array_agg(a.attname ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''),
       pg_table_size(c.oid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
GROUP BY c.oid, c.relname ORDER BY c.relname
"""
EACH_SEQUENCE = """
SELECT relname FROM pg_class
WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""


def sizes(connection: Connection) -> dict[str, int]:
    """Return each table's bytes on the server's disk, roughly the size of its COPY output."""
    return {name: size for name, _columns, size in connection.execute(EACH_TABLE)}


def write_tables(
    connection: Connection, folder: Path, manifest: Manifest, done: Callable[[int], None]
) -> None:
    """Write every table and sequence as the connection's transaction sees them."""
    for name, columns, on_disk in connection.execute(EACH_TABLE).fetchall():
        path = folder / TABLES / f"{name}.copy.gz"
        rows = size = 0
        with (
            open_new(path) as raw,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as packed,
            connection.cursor().copy(_copy(name, columns, "TO STDOUT")) as copy,
        ):
            for data in copy:
                packed.write(data)
                rows += bytes(data).count(b"\n")  # COPY escapes line ends within values
                done(min(len(data), max(0, on_disk - size)))
                size += len(data)
        with open(path, "rb") as written:
            os.fsync(written.fileno())
        done(max(0, on_disk - size))
        manifest.tables[name] = {"columns": columns, "rows": rows, "size": size}
        manifest.files[f"{TABLES}/{name}.copy.gz"] = hash_of(path)
    for (name,) in connection.execute(EACH_SEQUENCE).fetchall():
        query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name))
        manifest.sequences[name] = list(connection.execute(query).fetchone() or ())


def read_tables(
    connection: Connection, folder: Path, manifest: Manifest, done: Callable[[int], None]
) -> None:
    """Fill tables that migrations have created. The caller commits everything or nothing.

    Triggers are disabled, because they checked each row when it was first written. Foreign keys are
    checked at the end.
    """
    tables = {name: columns for name, columns, _size in connection.execute(EACH_TABLE).fetchall()}
    if unlike := sorted(
        name
        for name in tables.keys() | manifest.tables.keys()
        if set(tables.get(name, ())) != set(manifest.tables.get(name, {}).get("columns", ()))
    ):
        raise BackupError(f"These tables differ from those of the backup: {', '.join(unlike)}.")
    names = [sql.Identifier(name) for name in tables]
    connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(names)))
    for name in names:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
    for table, about in manifest.tables.items():
        _fill(connection, folder, table, about, done)
    for sequence, (value, given) in manifest.sequences.items():
        connection.execute("SELECT setval(%s::regclass, %s, %s)", [f'"{sequence}"', value, given])
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for name in names:
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))


def _fill(
    connection: Connection,
    folder: Path,
    table: str,
    about: dict[str, Any],
    done: Callable[[int], None],
) -> None:
    path = folder / TABLES / f"{table}.copy.gz"
    cursor = connection.cursor()
    with (
        gzip.open(path, "rb") as packed,
        cursor.copy(_copy(table, about["columns"], "FROM STDIN")) as copy,
    ):
        while data := packed.read(CHUNK):
            copy.write(data)
            done(len(data))
    if cursor.rowcount != about["rows"]:
        raise BackupError(
            f"{table} has {cursor.rowcount} rows after the restore, but the backup has "
            f"{about['rows']}."
        )


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    return sql.SQL("COPY {} ({}) {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(direction),
    )
