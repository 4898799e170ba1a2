"""Limits the privileges of the application's role, after each migration.

Triggers refuse changes of what is written once. Without the privilege, an attacker with the
application's connection does not even reach the triggers of append-only tables.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections

from codesign.config.servers.roles import APP_ROLE


def forbid_rewriting(*, sender: AppConfig, using: str, **_kwargs: Any) -> None:
    """Revoke what the application's role does not need.

    These are UPDATE and DELETE on an app's append-only tables, and temporary tables: PostgreSQL
    finds a temporary table before the one of the same name that a trigger means to read.

    Does nothing if the role does not exist (tests, an operator's own roles).
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_database() FROM pg_roles WHERE rolname = %s", [APP_ROLE])
        found = cursor.fetchone()
        if found is None:
            return
        quote_name = connections[using].ops.quote_name
        cursor.execute(f"REVOKE TEMPORARY ON DATABASE {quote_name(found[0])} FROM PUBLIC")
        for model in sender.get_models():
            triggers = getattr(model._meta, "triggers", ())
            if any(trigger.name == "append_only" for trigger in triggers):
                table = quote_name(model._meta.db_table)
                cursor.execute(f"REVOKE UPDATE, DELETE ON {table} FROM {APP_ROLE}")
