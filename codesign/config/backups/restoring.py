"""Restoring a backup into an empty home and an empty database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import psycopg
from django.db.migrations.loader import MigrationLoader

from codesign.config.backups.archive import (
    FILES,
    BackupError,
    Manifest,
    check_files,
    copy_file,
    read_manifest,
    sync_folders,
)
from codesign.config.backups.progress import Progress
from codesign.config.backups.tables import read_tables
from codesign.config.run import HALF_RESTORED, take_home
from codesign.config.servers.discovery import LOCK_FILE
from codesign.config.servers.folders import private_folder, socket_folder
from codesign.config.servers.postgres import Postgres
from codesign.config.servers.roles import OWNER_ROLE

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("releases", "models", "uploads")
"""Folders that a backup fills, in addition to the database."""
HARMLESS = {LOCK_FILE, "logs", "static", "assets", "lost+found"}
"""Names that an empty home may contain: created at each start, or by the file system."""


def restore_backup(
    source: Path, *, home: Path, variables: Mapping[str, str], out: TextIO
) -> Manifest:
    """Fill an empty home and an empty database from a backup, after verifying every byte.

    Without DATABASE_URL, the embedded database of the home is created. Raises BackupError before
    anything is changed, or with the home marked as half restored; then the same call starts again.
    """
    manifest = read_manifest(source)
    check = Progress("Checking", total=_total(manifest), out=out)
    check_files(source, manifest, check)
    check.finish()
    private_folder(home)
    take_home(home)
    _clear_half(home)
    if left := sorted(path.name for path in home.iterdir() if path.name not in HARMLESS):
        raise BackupError(f"{home} is not empty (it has {', '.join(left)}). Name another home.")
    _refuse_strange_migrations(manifest)
    with _database(home, variables) as owner_url:
        _refuse_full(owner_url)
        (home / HALF_RESTORED).touch(mode=0o600)
        _migrate_to(manifest, owner_url, variables)
        done = Progress("Restoring", total=_total(manifest), out=out)
        with psycopg.connect(owner_url) as connection:
            read_tables(connection, source, manifest, done)
        for name in manifest.files:
            if name.startswith(f"{FILES}/"):
                copy_file(source / name, home / name.removeprefix(f"{FILES}/"), done)
        sync_folders(home)
        _migrate(owner_url, variables)
        (home / HALF_RESTORED).unlink()
        done.finish()
    return manifest


def _total(manifest: Manifest) -> int:
    return sum(about["size"] for about in manifest.files.values())


def _clear_half(home: Path) -> None:
    """Remove only what an interrupted restore has left."""
    if not (home / HALF_RESTORED).exists():
        return
    for name in (*FOLDERS, "postgres", "postgres.unfinished", "postgres.lock"):
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (home / HALF_RESTORED).unlink()


@contextmanager
def _database(home: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the address of the database for the role that owns its tables."""
    named = variables.get("DATABASE_OWNER_URL") or variables.get("DATABASE_URL")
    if named:
        yield named
        return
    (home / HALF_RESTORED).touch(mode=0o600)
    log = private_folder(home / "logs") / "postgres.log"
    server = Postgres(data=home / "postgres", sockets=socket_folder(home), log=log)
    server.start()
    try:
        server.make_roles()
        yield server.url(OWNER_ROLE)
    finally:
        server.stop()


def _refuse_full(owner_url: str) -> None:
    """Refuse a database with accounts. One without tables or with empty tables is accepted."""
    with psycopg.connect(owner_url) as connection:
        table = connection.execute("SELECT to_regclass('public.accounts_user')").fetchone()
        if not (table and table[0]):
            return
        people = connection.execute("SELECT EXISTS (SELECT FROM accounts_user)").fetchone()
        if people and people[0]:
            raise BackupError("The database is not empty. Name another one.")


def _refuse_strange_migrations(manifest: Manifest) -> None:
    known = MigrationLoader(None).disk_migrations or {}
    if any(tuple(applied) not in known for applied in manifest.migrations):
        raise BackupError("This backup was made by a newer version of Codesign.")


def _migrate_to(manifest: Manifest, owner_url: str, variables: Mapping[str, str]) -> None:
    """Create the tables as they were when the backup was made."""
    earlier = [sys.executable, "-m", "codesign.config.backups.earlier"]
    _make_tables(earlier, owner_url, variables, json.dumps(manifest.migrations))


def _migrate(owner_url: str, variables: Mapping[str, str]) -> None:
    migrate = [sys.executable, "manage.py", "migrate", "--no-input", "-v0"]
    _make_tables(migrate, owner_url, variables)


def _make_tables(
    command: list[str], owner_url: str, variables: Mapping[str, str], stdin: str = ""
) -> None:
    """Run a command in a new process, because this one may be set up for another database."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables, "DATABASE_URL": owner_url},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"The tables could not be created:\n{done.stderr[-2000:]}")
