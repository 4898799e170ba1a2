"""Make the tables of an earlier version, all apps at once: `python -m`, [[app, migration], …] in.

Where `prepare` made those of this version already, what came since is taken away again.

`manage.py migrate` takes one app at a time and, after each, sets rights on tables that the other
apps have yet to make.
"""

from __future__ import annotations

import json
import sys

import django

from codesign.config.starting import load_settings


def main() -> None:
    """Bring a database without rows to the migrations that standard input names."""
    load_settings()
    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    last = dict.fromkeys(executor.loader.migrated_apps) | dict(sorted(json.load(sys.stdin)))
    executor.migrate(list(last.items()))


if __name__ == "__main__":
    main()
