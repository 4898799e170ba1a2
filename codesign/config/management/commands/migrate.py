"""`manage.py migrate`: Django's own, which creates all tables of an empty database at once."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS

from codesign.config import schema

OTHERWISE = ("app_label", "plan", "check_unapplied", "fake", "fake_initial", "prune")
"""Options that ask for something else than bringing the whole database up to date."""


class Command(migrate.Command):
    """Django's command, faster where nothing is there yet (decision 35)."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Create all tables, if the database is empty; then migrate as always."""
        whole = not any(options.get(name) for name in OTHERWISE)
        if whole and options["database"] == DEFAULT_DB_ALIAS and schema.create_all():
            self.stdout.write("All tables of the empty database were created.")
        super().handle(*args, **options)
