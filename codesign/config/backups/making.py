"""Making a backup while everything goes on running."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

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
    unfinished,
    write_manifest,
)
from codesign.config.backups.progress import Progress
from codesign.config.backups.tables import sizes, write_tables
from codesign.shared import room
from codesign.shared.errors import DATABASE_AWAY
from modelhub.queries.versions import trained_folders


def make_backup(target: Path, *, out: TextIO) -> Manifest:
    """Write the database and its files to `target`, as they are at this moment.

    One read-only transaction sees one moment; what releases and models it speaks of lies in files
    that never change once they are there. BackupError where it cannot be finished.
    """
    try:
        with unfinished(target) as folder, transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
                applied = [list(row) for row in cursor.fetchall()]
            manifest = Manifest(made_at=timezone.now().isoformat(), migrations=applied)
            wanted, files = _files(manifest)
            total = sum(sizes(connection.connection).values())
            total += sum(path.stat().st_size for path in files)
            done = Progress("Backup", total=total, out=out)
            write_tables(connection.connection, folder, manifest, done)
            for path in files:
                name = f"{FILES}/{path.relative_to(wanted)}"
                manifest.files[name] = copy_file(path, folder / name, done)
            write_manifest(folder, manifest)
    except (*DATABASE_AWAY, psycopg.OperationalError) as error:
        full = room.was_lacking(error) or room.is_full(settings.CODESIGN_HOME)
        reason = "its disk has no room left" if full else "the database went away meanwhile"
        raise BackupError(f"There is no backup in {target}: {reason}.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BackupError(f"There is no backup in {target}: {reason}.") from error
    done.finish()
    return manifest


def _files(manifest: Manifest) -> tuple[Path, list[Path]]:
    """Return the home and the files of each release and model; note which folders are missing."""
    home = Path(settings.CODESIGN_HOME)
    found: list[Path] = []
    for folder in (*release_folders(), *trained_folders()):
        if not folder.is_dir():
            manifest.missing.append(str(folder.relative_to(home)))
        for place, _, names in os.walk(folder):
            found += [Path(place) / name for name in sorted(names)]
    return home, found
