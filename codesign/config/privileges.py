"""After each migration: the application's role may add to append-only tables, and nothing else.

Their triggers refuse changes from everybody; but a session can ask pgtrigger to look away, and
whoever got hold of the application's connection could ask. Without the right they cannot.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections

from codesign.config.servers.roles import APP_ROLE


def forbid_rewriting(*, sender: AppConfig, using: str, **_: Any) -> None:
    """Take UPDATE and DELETE on an app's append-only tables from the application's role.

    Where that role does not exist (tests, an operator's own roles) there is nothing to take.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE])
        if cursor.fetchone() is None:
            return
        for model in sender.get_models():
            triggers = getattr(model._meta, "triggers", ())
            if any(trigger.name == "append_only" for trigger in triggers):
                table = connections[using].ops.quote_name(model._meta.db_table)
                cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {APP_ROLE}")
