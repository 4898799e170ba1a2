"""The trail: append-only, sealed, shreddable; any change shows."""

from __future__ import annotations

import uuid
from io import StringIO

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from codesign.audit import queries, services
from codesign.audit.models import Event, PersonalDetail, PersonKey, Seal
from codesign.audit.registry import ACTIONS, OnErasure
from codesign.shared.actors import SYSTEM
from codesign.studies.rules import Role
from tests.factories.studies import StudyFactory, staff
from tests.support.counting import pages_of, queries_of
from tests.support.fixed_rows import nothing_changes

MADE = "accounts.made"  # an action with personal data
PLAIN = "studies.made"


def event(xid: int, label: str = "") -> Event:
    """An event of a transaction that ended long ago."""
    return Event.objects.create(
        xid=xid, action=PLAIN, about_kind="study", about_id=uuid.uuid4(), about_label=label
    )


def verify() -> str:
    said = StringIO()
    call_command("verify_audit", stdout=said)
    return said.getvalue()


def tamper(statement: str) -> None:
    """What somebody with the keys to the database could do behind the triggers."""
    params = connection.get_connection_params()
    with psycopg.connect(
        **{k: params[k] for k in ("dbname", "user", "host", "port", "password") if params.get(k)}
    ) as superuser:
        superuser.execute("SET session_replication_role = replica")
        assert superuser.execute(statement).rowcount > 0


@pytest.mark.django_db
def test_nothing_that_was_recorded_can_be_changed_or_removed() -> None:  # standards 2.2, 7.9
    user_id = uuid.uuid4()
    services.record(
        actor=SYSTEM, action=MADE, about=("user", user_id, ""), personal=(user_id, {"email": "x"})
    )
    event(3)
    assert services.seal()
    nothing_changes(
        {
            Event: {"action": "other"},
            PersonalDetail: {"user_id": str(uuid.uuid4())},
            Seal: {"digest": "0" * 64},
        }
    )


@pytest.mark.django_db
def test_seals_follow_each_other_and_leave_running_work_for_later() -> None:  # standards 7.9
    event(3)
    event(4)
    first = services.seal()
    assert first
    assert (first.after_xid, first.until_xid, first.events) == (0, 4, 2)
    services.record(actor=SYSTEM, action=PLAIN, about=("study", uuid.uuid4(), ""))
    assert services.seal() is None  # our own transaction has not ended
    event(5)
    second = services.seal()
    assert second
    assert (second.after_xid, second.previous) == (4, first.digest)
    assert list(queries.broken_seals()) == []
    assert verify()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET about_label = 'changed' WHERE xid = 4",
        "UPDATE audit_event SET data = '{\"granted\": []}' WHERE xid = 5",
        "UPDATE audit_event SET at = at - interval '1 day' WHERE xid = 3",
        "DELETE FROM audit_event WHERE xid = 4",
        "INSERT INTO audit_event (xid, at, action, about_kind, about_id, about_label, data)"
        " VALUES (4, now(), 'x', 'x', gen_random_uuid(), '', '{}')",
        "UPDATE audit_seal SET digest = repeat('0', 64) WHERE after_xid = 0",
        "DELETE FROM audit_seal WHERE after_xid = 0",
    ],
)
def test_any_change_behind_the_triggers_shows(statement: str) -> None:  # standards 7.9
    event(3)
    event(4)
    assert services.seal()
    event(5)
    assert services.seal()
    assert verify()
    tamper(statement)
    assert list(queries.broken_seals())
    with pytest.raises(CommandError, match="Seal"):
        verify()


MANY = """
    INSERT INTO audit_event (at, action, study_id, about_kind, about_id, about_label, data)
    SELECT now(), 'studies.made', %s, 'study', gen_random_uuid(), '', '{}'
    FROM generate_series(1, %s)
"""


@pytest.mark.django_db
def test_trail_of_a_small_study_does_not_scan_a_large_one() -> None:
    large, small = uuid.uuid4(), uuid.uuid4()
    oldest = queries.events_of(study_id=small).order_by("id")[:51]
    sql, (study_id,) = oldest.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(MANY, [large, 5_000])
        cursor.execute(MANY, [small, 100])
        cursor.execute("ANALYZE audit_event")
        with connection.connection.cursor() as plain:  # parameters as a prepared statement has
            plain.execute(f"EXPLAIN (GENERIC_PLAN) {sql % '$1'}".encode())
            plan = "\n".join(row[0] for row in plain)
    assert study_id == small
    assert "event_newest" in plan, plan


@pytest.mark.django_db
def test_personal_detail_is_encrypted_and_can_be_shredded() -> None:  # standards 7.2
    user_id = uuid.uuid4()
    made = services.record(
        actor=SYSTEM,
        action=MADE,
        about=("user", user_id, ""),
        personal=(user_id, {"email": "robin@example.org"}),
    )
    stored = bytes(made.detail.ciphertext)
    assert b"robin" not in stored
    key = bytes(PersonKey.objects.get(user_id=user_id).key)
    assert b"robin@example.org" in Fernet(key).decrypt(stored)
    services.shred(actor=SYSTEM, user_id=user_id)
    assert not PersonKey.objects.filter(user_id=user_id).exists()
    assert Event.objects.filter(id=made.id).exists()


@pytest.mark.django_db
def test_an_action_without_personal_data_takes_none() -> None:
    assert ACTIONS.get(PLAIN).on_erasure is OnErasure.NOTHING_HELD
    with pytest.raises(ValueError, match="no personal data"):
        services.record(
            actor=SYSTEM, action=PLAIN, about=("x", uuid.uuid4(), ""), personal=(uuid.uuid4(), {})
        )
    with pytest.raises(KeyError, match=r"unheard\.of"):
        services.record(actor=SYSTEM, action="unheard.of", about=("x", uuid.uuid4(), ""))


@pytest.mark.django_db
def test_the_auditor_reads_the_trail_in_constant_queries(client: Client) -> None:
    study = StudyFactory.create()
    coordinator, auditor = staff(study), staff(study, Role.AUDITOR)
    client.force_login(auditor.user)
    address = reverse("desk:trail", kwargs={"slug": study.slug})

    def note(actor_id: uuid.UUID | None, label: str, where: uuid.UUID) -> None:
        Event.objects.create(
            action=PLAIN,
            actor_id=actor_id,
            study_id=where,
            about_kind="study",
            about_id=where,
            about_label=label,
        )

    note(coordinator.user_id, "ours", study.id)
    note(None, "theirs", StudyFactory.create().id)
    few = queries_of(client, address)
    for number in range(60):
        note(coordinator.user_id if number % 2 else uuid.uuid4(), "ours", study.id)
    assert queries_of(client, address) == few
    page = client.get(address).content.decode()
    assert f"coordinator {coordinator.pseudonym}" in page
    assert "created a study" in page
    assert "theirs" not in page
    assert coordinator.user.email not in page
    following = pages_of(client, address)[1:]
    assert len(following) == 1
    assert "created a study" in following[0] or "created a study" in page
    assert "<form" not in page
    assert client.post(address).status_code == 405
