"""`manage.py prepare`: all that must be there before web and workers start; safe to repeat."""

import os
import subprocess
import sys
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from codesign.config.servers.errors import ServerError
from codesign.config.servers.roles import APP_ROLE, make_database

PATIENCE = 10
"""Seconds to wait for the database's answer."""
LONGEST_WAIT = 5
"""Seconds that a table which has to change may be held by somebody else."""
IN_USE = (
    f"Somebody has held a table that prepare needs for {LONGEST_WAIT} seconds, so it has stopped; "
    "what it did not finish is as it was. Stop web, workers and beat, and run it again."
)
MAKES_ROLES = (
    "Where DATABASE_ADMIN_URL names a role that may make roles and databases, "
    "prepare makes both roles and the database."
)


class Command(BaseCommand):
    """Roles and database where DATABASE_ADMIN_URL is set, then tables, then static files."""

    help = "Make the database, its tables and the static files; run before each new version."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the code, then make them, the tables in a process that knows the owner alone."""
        call_command("check", deploy=settings.PRODUCTION)
        app_url = settings.ENV.database_url
        owner_url = os.environ.get("DATABASE_OWNER_URL", "")
        if settings.PRODUCTION and not owner_url:
            raise CommandError(
                "DATABASE_OWNER_URL is missing: it names the role that owns the tables, "
                f"since {APP_ROLE} must not. {MAKES_ROLES}"
            )
        owner_url = owner_url or app_url
        if admin_url := os.environ.get("DATABASE_ADMIN_URL"):
            try:
                make_database(admin_url=admin_url, owner_url=owner_url, app_url=app_url)
            except ServerError as error:
                raise CommandError(str(error)) from error
        for name, url in (("DATABASE_OWNER_URL", owner_url), ("DATABASE_URL", app_url)):
            reach(name, url)
        make_tables(owner_url)
        call_command("build_fonts")
        call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("The database and the static files are ready.")


def make_tables(owner_url: str) -> None:
    """Migrate; one that would wait for a long reader ends, since all who come later wait behind."""
    wait = f"{os.environ.get('PGOPTIONS', '')} -c lock_timeout={LONGEST_WAIT}s"
    migrated = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--no-input"],
        env={**os.environ, "DATABASE_URL": owner_url, "PGOPTIONS": wait.strip()},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if psycopg.errors.LockNotAvailable.__name__ in migrated.stderr:
        raise CommandError(IN_USE)
    sys.stderr.write(migrated.stderr)
    if migrated.returncode:
        raise CommandError("The tables could not be made.")


def reach(name: str, url: str) -> None:
    """Say in a sentence that a database cannot be used as the variable `name` has it."""
    try:
        psycopg.connect(url, connect_timeout=PATIENCE).close()
    except psycopg.Error as error:
        raise CommandError(f"{name} does not lead to the database: {error} {MAKES_ROLES}") from None
