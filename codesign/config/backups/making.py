"""Making a backup while the installation is running."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TextIO

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from annotations.queries.releases import folders as release_folders
from codesign.config.backups.archive import (
    FILES,
    BackupError,
    Manifest,
    copy_file,
    copy_open,
    unfinished,
    write_manifest,
)
from codesign.config.backups.progress import Progress
from codesign.config.backups.tables import sizes, write_tables
from codesign.shared import disk_space
from codesign.shared.errors import DATABASE_AWAY
from modelhub.queries.uploads import files_needed
from modelhub.queries.versions import trained_folders


def make_backup(target: Path, *, out: TextIO) -> Manifest:
    """Write the database and its files to `target`, as of this moment. Raises BackupError.

    One read-only transaction sees the database at one moment. Files of releases and models never
    change once they exist. Uploads are deleted after their import, so they are opened first.
    """
    try:
        with unfinished(target) as folder, ExitStack() as held, transaction.atomic():
            uploads = _hold(held)
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
                applied = [list(row) for row in cursor.fetchall()]
            manifest = Manifest(made_at=timezone.now().isoformat(), migrations=applied)
            home, files = _files(manifest)
            waiting = _waiting(home, uploads, held, manifest)
            total = sum(sizes(connection.connection).values())
            total += sum(path.stat().st_size for path in files)
            total += sum(os.fstat(file.fileno()).st_size for file in waiting.values())
            done = Progress("Backup", total=total, out=out)
            write_tables(connection.connection, folder, manifest, done)
            for path in files:
                name = f"{FILES}/{path.relative_to(home)}"
                manifest.files[name] = copy_file(path, folder / name, done)
            for name, file in waiting.items():
                manifest.files[name] = copy_open(file, folder / name, done)
            write_manifest(folder, manifest)
    except (*DATABASE_AWAY, psycopg.OperationalError) as error:
        full = disk_space.was_lacking(error) or disk_space.is_full(settings.CODESIGN_HOME)
        reason = "its disk is full" if full else "the connection to the database was lost"
        raise BackupError(f"No backup was made in {target}: {reason}.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BackupError(f"No backup was made in {target}: {reason}.") from error
    done.finish()
    return manifest


def _files(manifest: Manifest) -> tuple[Path, list[Path]]:
    """Return the home and the files of releases and models. Record missing folders."""
    home = Path(settings.CODESIGN_HOME)
    files: list[Path] = []
    for folder in (*release_folders(), *trained_folders()):
        if not folder.is_dir():
            manifest.missing.append(str(folder.relative_to(home)))
        for place, _folders, names in os.walk(folder):
            files += [Path(place) / name for name in sorted(names)]
    return home, files


def _hold(held: ExitStack) -> dict[Path, IO[bytes]]:
    """Open every upload, so that its content survives the end of its import."""
    opened: dict[Path, IO[bytes]] = {}
    for path in Path(settings.UPLOADS_DIR).glob("*"):
        with suppress(FileNotFoundError):
            opened[path] = held.enter_context(path.open("rb"))
    return opened


def _waiting(
    home: Path, opened: Mapping[Path, IO[bytes]], held: ExitStack, manifest: Manifest
) -> dict[str, IO[bytes]]:
    """Return the files of unfinished imports by name. Record missing files."""
    waiting: dict[str, IO[bytes]] = {}
    for path in files_needed():
        name = str(path.relative_to(home))
        try:
            waiting[f"{FILES}/{name}"] = opened.get(path) or held.enter_context(path.open("rb"))
        except FileNotFoundError:
            manifest.missing.append(name)
    return waiting
