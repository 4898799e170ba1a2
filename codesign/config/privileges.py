"""Limits the application's role to INSERT on append-only tables, after each migration.

Triggers refuse changes by every role, but a session can ask pgtrigger to ignore them. An attacker
with the application's connection could do that, but cannot change rows without the privilege.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections

from codesign.config.servers.roles import APP_ROLE


def forbid_rewriting(*, sender: AppConfig, using: str, **_kwargs: Any) -> None:
    """Revoke UPDATE and DELETE on an app's append-only tables from the application's role.

    Does nothing if the role does not exist (tests, an operator's own roles).
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
