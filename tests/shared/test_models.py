"""The application's role cannot get round a trigger, whatever it sets (house rules 5 and 6)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pgtrigger
import psycopg
import pytest
from django.apps import apps
from django.db import connection, models
from psycopg import sql

from annotations.models import DatasetRelease
from codesign.compensation.models import Account, LedgerCounter
from codesign.compensation.services import appeals
from codesign.config.privileges import forbid_rewriting
from codesign.config.servers.roles import APP_ROLE
from codesign.shared.actors import Actor
from codesign.shared.models import Guard
from modelhub.models import ModelVersion, TrainingRun
from tests.factories.annotations import judge, judging_round, lease, send
from tests.factories.compensation import credit, reject
from tests.factories.history import make_history
from tests.support.tables import IGNORED

App = psycopg.Connection[tuple[object, ...]]
NO_CHANGE = {"append_only", "write_once", "no_delete", "no_update"}
"""Names of triggers that refuse every such change of every row."""
GUARDED = [(model, one) for model, one in pgtrigger.registered() if one.name in NO_CHANGE]
ALL_IGNORED = "SELECT bool_and(public._pgtrigger_should_ignore(tgname)) FROM pg_trigger"


def changes(model: models.Model, trigger: pgtrigger.Trigger) -> Iterator[sql.Composed]:
    """Yield a statement for each change that the trigger of a table refuses."""
    table = sql.Identifier(model._meta.db_table)
    said = str(trigger.operation)
    if "DELETE" in said:
        yield sql.SQL("DELETE FROM {}").format(table)
    if "UPDATE" in said:
        columns = getattr(trigger.operation, "columns", None) or [model._meta.pk.column]
        for column in map(sql.Identifier, columns):
            yield sql.SQL("UPDATE {} SET {} = {}").format(table, column, column)


@pytest.fixture
def app(transactional_db: None) -> Iterator[App]:
    """A connection of the application's role, which may write every row of every table.

    It has the privileges of a new installation before `forbid_rewriting` takes some of them, so
    that the triggers alone refuse.
    """
    with connection.cursor() as owner:
        owner.execute(f"CREATE ROLE {APP_ROLE} LOGIN")
        owner.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};"
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}"
        )
        address = {**connection.get_connection_params(), "user": APP_ROLE}
        try:
            with psycopg.connect(
                host=address["host"], dbname=address["dbname"], user=APP_ROLE, autocommit=True
            ) as app:
                app.execute(IGNORED)
                assert app.execute(ALL_IGNORED).fetchone() == (True,)
                yield app
        finally:
            owner.execute(f"DROP OWNED BY {APP_ROLE}; DROP ROLE {APP_ROLE}")


def test_every_trigger_is_a_guard() -> None:
    """Prevents a trigger that a session can switch off."""
    plain = [
        f"{model._meta.label}: {trigger.name}"
        for model, trigger in pgtrigger.registered()
        if not isinstance(trigger, Guard)
    ]
    assert plain == []


def test_the_role_cannot_change_what_is_written_once(app: App) -> None:
    make_history()
    judging_round((member := judge()).cohort)
    held = lease(member)
    send(held, rewrites=[{"response": str(held.order_shown[0]), "text": "A kinder reply."}])
    rejection = reject(credit(member), member)
    appeals.appeal(
        actor=Actor.of(member.user),
        study=member.study,
        rejection_id=rejection.id,
        text="I answered them on my own.",
    )
    release = DatasetRelease.objects.earliest("created_at")
    TrainingRun.objects.create(
        study=release.study,
        release=release,
        base=ModelVersion.objects.earliest("created_at"),
        method="dpo",
    )
    for model, trigger in GUARDED:
        rows = apps.get_model(model._meta.label)._default_manager
        assert rows.exists(), f"make a row of {model._meta.label}"
        for statement in changes(model, trigger):
            with pytest.raises(psycopg.errors.RaiseException, match="Cannot"):
                app.execute(statement)


def post(app: App, account: Account, *, legs: int) -> None:
    """Insert a transfer and so many legs of 5p on one account."""
    new = uuid.uuid4()
    with app.transaction():
        app.execute(
            "INSERT INTO compensation_transfer (id, created_at, kind, idempotency_key, study_id,"
            " about_kind, about_id, about_label, effective_at, posted_at)"
            " VALUES (%s, now(), 'bonus', %s, %s, 'x', %s, '', now(), now())",
            [new, str(new), uuid.uuid4(), uuid.uuid4()],
        )
        for _leg in range(legs):
            app.execute(
                "INSERT INTO compensation_leg (transfer_id, account_id, currency, amount_minor)"
                " VALUES (%s, %s, 'GBP', 5)",
                [new, account.id],
            )


def test_the_role_cannot_post_what_does_not_balance(app: App) -> None:
    make_history()
    account = Account.objects.filter(kind="payable").earliest("created_at")
    counted = LedgerCounter.objects.count()
    for legs, said in ((0, "moves nothing"), (1, "do not balance")):
        with pytest.raises(psycopg.errors.CheckViolation, match=said):
            post(app, account, legs=legs)
    assert LedgerCounter.objects.count() == counted


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SET session_replication_role = replica", "denied to set parameter"),
        (
            "SELECT set_config('session_replication_role', 'replica', false)",
            "denied to set parameter",
        ),
        ("ALTER TABLE compensation_leg DISABLE TRIGGER ALL", "must be owner of table"),
        ("TRUNCATE compensation_leg", "denied for table"),
        ("DROP FUNCTION _pgtrigger_should_ignore", "must be owner of function"),
        (
            "CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name)"
            " RETURNS boolean LANGUAGE sql AS 'SELECT true'",
            "denied for schema public",
        ),
        ("CREATE SCHEMA mine", "denied for database"),
        ("CREATE TEMPORARY TABLE compensation_leg (id int)", "denied to create temporary tables"),
    ],
)
def test_the_role_cannot_replace_what_a_trigger_reads(app: App, statement: str, said: str) -> None:
    forbid_rewriting(sender=apps.get_app_config("config"), using="default")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=said):
        app.execute(statement)
