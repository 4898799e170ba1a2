"""`manage.py restore DIR`: restore a backup into an empty home and an empty database."""

import os
from pathlib import Path
from typing import Any, TextIO, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.config.backups.archive import BackupError
from codesign.config.backups.restoring import restore_backup
from codesign.config.servers.errors import ServerError


class Command(BaseCommand):
    """Refuses damaged backups, and never overwrites anything."""

    help = "Restore a backup into an empty CODESIGN_HOME and an empty database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """DIR."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="folder that `backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore the backup and print what it contained."""
        try:
            manifest = restore_backup(
                options["folder"].absolute(),
                home=Path(settings.CODESIGN_HOME),
                variables=os.environ,
                out=cast(TextIO, self.stderr._out),
            )
        except (BackupError, ServerError) as error:
            raise CommandError(str(error)) from error
        rows = sum(table["rows"] for table in manifest.tables.values())
        self.stdout.write(f"{settings.CODESIGN_HOME}: {rows:,} rows, as of {manifest.made_at}.")
