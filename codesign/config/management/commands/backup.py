"""`manage.py backup DIR`: back up the database and its files while the installation is running."""

from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.config.backups.archive import BackupError
from codesign.config.backups.making import make_backup


class Command(BaseCommand):
    """Leaves no incomplete backup behind."""

    help = "Write the database, releases and trained models to a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """DIR."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="folder that does not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the backup and print what it contains."""
        folder: Path = options["folder"].absolute()
        try:
            manifest = make_backup(folder, out=cast(TextIO, self.stderr._out))
        except BackupError as error:
            raise CommandError(str(error)) from error
        for missing in manifest.missing:
            self.stderr.write(f"{missing} does not exist, so it is not in this backup.")
        rows = sum(table["rows"] for table in manifest.tables.values())
        self.stdout.write(f"{folder}: {rows:,} rows and {len(manifest.files):,} files.")
        self.stdout.write(
            "It contains personal data. Encrypt it and store it apart from SECRET_KEY."
        )
