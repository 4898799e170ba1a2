"""`manage.py prepare`: prepare the database and static files before web and workers start."""

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
"""Seconds to wait for the database to answer."""
LONGEST_WAIT = 5
"""Seconds to wait for a lock on a table."""
IN_USE = (
    f"A table that prepare needs was locked for more than {LONGEST_WAIT} seconds, so prepare has "
    "stopped. Unfinished changes were rolled back. Stop web, workers and beat, and run it again."
)
MAKES_ROLES = (
    "If DATABASE_ADMIN_URL names a role that can create roles and databases, prepare creates both "
    "roles and the database."
)


class Command(BaseCommand):
    """Creates roles and database if DATABASE_ADMIN_URL is set, then tables, then static files."""

    help = (
        "Create or update the database, its tables and the static files. Safe to repeat; run it "
        "before each new version."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run Django's checks, then prepare. Only the migrating process knows the owner role."""
        call_command("check", deploy=settings.PRODUCTION)
        app_url = settings.ENV.database_url
        owner_url = os.environ.get("DATABASE_OWNER_URL", "")
        if settings.PRODUCTION and not owner_url:
            raise CommandError(
                "DATABASE_OWNER_URL is missing. It names the role that owns the tables, which must "
                f"not be {APP_ROLE}. {MAKES_ROLES}"
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
    """Migrate with a lock timeout, because later queries queue behind a waiting migration."""
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
        raise CommandError("The tables could not be created.")


def reach(name: str, url: str) -> None:
    """Raise CommandError if the database that the variable `name` sets cannot be reached."""
    try:
        psycopg.connect(url, connect_timeout=PATIENCE).close()
    except psycopg.Error as error:
        raise CommandError(f"{name} does not reach the database: {error} {MAKES_ROLES}") from None
