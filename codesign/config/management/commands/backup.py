"""`manage.py backup DIR`: the database and its files, at one moment, while work goes on."""

from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from codesign.config.backups.archive import BackupError
from codesign.config.backups.making import make_backup


class Command(BaseCommand):
    """Nothing that looks like a backup is left where one could not be finished."""

    help = "Write the database, releases and trained models to a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """DIR."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that does not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say what it holds."""
        folder: Path = options["folder"].absolute()
        try:
            manifest = make_backup(folder, out=cast(TextIO, self.stderr._out))
        except BackupError as error:
            raise CommandError(str(error)) from error
        for missing in manifest.missing:
            self.stderr.write(f"{missing} is spoken of and not there: it is not in this backup.")
        rows = sum(table["rows"] for table in manifest.tables.values())
        self.stdout.write(f"{folder}: {rows:,} rows and {len(manifest.files):,} files.")
        self.stdout.write("It holds personal data: keep it encrypted and apart from SECRET_KEY.")
