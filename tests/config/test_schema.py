"""The tables of an empty database are created at once, as the migrations would create them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from codesign.config import schema
from codesign.config.schema import FILE
from tests.support.running import LONGEST, ROOT

pytestmark = pytest.mark.slow

LOOKS = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default,"
    " ordinal_position FROM information_schema.columns WHERE table_schema = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger"
    " WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "options": "SELECT relname, reloptions FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace",
    "privileges": "SELECT table_name, grantee, privilege_type"
    " FROM information_schema.role_table_grants WHERE table_schema = 'public'",
    "applied": "SELECT app, name FROM django_migrations",
    "permissions": "SELECT codename FROM auth_permission",
}


@pytest.fixture
def databases() -> Iterator[Callable[[], str]]:
    """Make empty databases, each by its address; they are dropped after the test."""
    server = os.environ["DATABASE_URL"]
    names: list[str] = []

    def make() -> str:
        names.append(f"empty_{uuid.uuid4().hex[:8]}")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {names[-1]}")
        return urlsplit(server)._replace(path=f"/{names[-1]}").geturl()

    yield make
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(address: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address},
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def look(address: str) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(address) as connection:
        return {name: sorted(connection.execute(sql), key=repr) for name, sql in LOOKS.items()}


def test_a_database_created_at_once_is_like_one_that_was_migrated(
    databases: Callable[[], str], tmp_path: Path
) -> None:
    """Also prevents a recording that is older than the migrations: `make schema` renews it."""
    file = tmp_path / "schema.json"
    empty, second = databases(), databases()
    manage(empty, "record_schema", "--file", str(file))
    assert json.loads(file.read_text()) == json.loads(FILE.read_text()), "run make schema"
    manage(empty, "migrate", "--no-input")  # the rest, such as permissions
    assert "were created" in manage(second, "migrate", "--no-input")
    assert look(second) == look(empty)


def test_a_database_with_tables_is_migrated_as_always(databases: Callable[[], str]) -> None:
    empty = databases()
    manage(empty, "migrate", "contenttypes", "--no-input")
    told = manage(empty, "migrate", "--no-input")
    assert "were created" not in told
    assert "Applying annotations.0001_initial" in told
    assert "No migrations to apply" in manage(empty, "migrate", "--no-input")


@pytest.mark.django_db
def test_a_recording_of_other_migrations_is_not_used(tmp_path: Path) -> None:
    """A library with a new migration must not leave a database without it."""
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"migrations": "of yesterday", "statements": []}))
    loader = MigrationLoader(connection)
    assert schema.statements_for(loader, FILE)
    assert schema.statements_for(loader, file) is None
    assert schema.statements_for(loader, tmp_path / "nowhere.json") is None
