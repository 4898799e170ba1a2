"""Migrate all apps to an earlier version: `python -m`, with [[app, migration], …] on stdin.

If `prepare` has already migrated to this version, the later migrations are reversed.

`manage.py migrate` takes one app at a time and, after each, sets rights on tables that other apps
have not created yet.
"""

from __future__ import annotations

import json
import sys

import django

from codesign.config.starting import load_settings


def main() -> None:
    """Migrate an empty database to the migrations that standard input names."""
    load_settings()
    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    last = dict.fromkeys(executor.loader.migrated_apps) | dict(sorted(json.load(sys.stdin)))
    executor.migrate(list(last.items()))


if __name__ == "__main__":
    main()
