"""Architecture: tables point one way, history cannot be rewritten, migrations are complete."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction

from tests.factories.history import make_history
from tests.support.tables import APPEND_ONLY

# The one way that imports and foreign keys go (docs/architecture.md), outermost first.
ORDER = [
    "config",
    "desk",
    "modelhub",
    "annotations",
    "care",
    "compensation",
    "enrolment",
    "consent",
    "studies",
    "accounts",
    "audit",
    "jobs",
    "shared",
]
OURS = [model for model in apps.get_models() if model._meta.app_label in ORDER]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_foreign_keys_point_down(model: type[models.Model]) -> None:
    """Prevents an app from depending on an app above it through the database."""
    own = ORDER.index(model._meta.app_label)
    for field in model._meta.get_fields():
        if field.is_relation and field.concrete and field.related_model:
            target = field.related_model._meta.app_label
            assert target in ORDER, f"{field} points out of the project"
            assert ORDER.index(target) >= own, f"{field} points up"


@pytest.mark.parametrize("label", ["Account", "Transfer", "Leg"])
def test_ledger_names_what_it_speaks_of_by_id(label: str) -> None:
    """Prevents a payment that cannot be kept because the work that it paid for is erased."""
    model = apps.get_model("compensation", label)
    targets = {f.related_model._meta.label for f in model._meta.get_fields() if f.many_to_one}
    assert targets <= {"compensation.Account", "compensation.Transfer"}


def test_audit_points_at_nothing_outside() -> None:
    """Prevents an audit event that keeps a row from being erased, or that is erased with it."""
    for model in apps.get_app_config("audit").get_models():
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete:
                assert field.related_model in set(apps.get_app_config("audit").get_models())


@pytest.mark.django_db
def test_append_only_tables_are_the_declared_ones() -> None:
    """Prevents a table from losing its trigger, or from having one that nobody tests."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname LIKE 'pgtrigger_append_only_%%' AND t.tgenabled = 'O'"
        )
        tables = {row[0] for row in cursor.fetchall()}
    assert tables == {apps.get_model(label)._meta.db_table for label in APPEND_ONLY}


def change(statement: str, label: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount, f"make a row of {label} in make_history"


@pytest.mark.django_db
def test_append_only_tables_refuse_every_change() -> None:
    """Prevents history from being rewritten: one row of each table is really changed and deleted.

    A new table needs a row in `make_history`; without one nothing would be refused here.
    """
    make_history()
    for label in sorted(APPEND_ONLY):
        model = apps.get_model(label)
        table, key = model._meta.db_table, model._meta.pk.column
        for statement in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="append_only") as refused:
                change(statement, label)
            assert table in str(refused.value), statement


def test_public_ids_are_random() -> None:
    """Prevents an address from showing order or number of what people judge."""
    for label in ("annotations.Assignment", "annotations.Response", "annotations.Prompt"):
        key = apps.get_model(label)._meta.pk
        assert isinstance(key, models.UUIDField)


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    """Prevents a model that differs from the migrated database."""
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=said)
    assert said.getvalue() == "No changes detected\n"
