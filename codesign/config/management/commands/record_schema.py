"""`manage.py record_schema`: record the statements of all migrations, for empty databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from codesign.config import schema


class Command(BaseCommand):
    """Writes codesign/config/schema.json. Run it after every new migration (`make schema`)."""

    help = "Run all migrations on an empty database and record their statements."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The file."""
        parser.add_argument("--file", type=Path, default=schema.FILE)

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse a database with tables: it would be recorded only in part."""
        if connection.introspection.table_names():
            raise CommandError("This database has tables. Name an empty one in DATABASE_URL.")
        schema.record(options["file"])
        self.stdout.write(f"Recorded in {options['file'].name}.")
