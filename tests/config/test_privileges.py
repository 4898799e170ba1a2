"""An operator's own PostgreSQL: over TCP, by password and TLS, with two roles."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from codesign.config.servers.roles import APP_ROLE, OWNER_ROLE
from tests.support.outside_servers import Authority, OutsidePostgres, TlsDoor
from tests.support.production import production_environment
from tests.support.running import LONGEST, ROOT

pytestmark = pytest.mark.slow

PASSWORD = "p@ss/w%rd: ?"  # whatever has to be escaped in an address
QUOTED = "p%40ss%2Fw%25rd%3A%20%3F"


@dataclass
class Outside:
    server: OutsidePostgres
    door: TlsDoor
    authority: Authority
    home: Path

    def url(self, role: str, *, more: str = "", database: str = "codesign") -> str:
        tls = more or f"sslmode=verify-full&sslrootcert={self.authority.file}"
        return f"postgresql://{role}:{QUOTED}@127.0.0.1:{self.door.port}/{database}?{tls}"

    def environment(self, **more: str) -> dict[str, str]:
        addresses = {
            "DATABASE_URL": self.url(APP_ROLE),
            "DATABASE_OWNER_URL": self.url(OWNER_ROLE),
            "DATABASE_ADMIN_URL": self.url("keeper", database="postgres"),
        }
        return production_environment(self.home, **(addresses | more))

    def manage(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """A server whose administrator can create roles and databases but is no superuser."""
    folder = tmp_path_factory.mktemp("outside")
    server = OutsidePostgres(folder / "server")
    server.start()
    try:
        with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("CREATE ROLE keeper LOGIN CREATEDB CREATEROLE")
        server.give_password("keeper", PASSWORD)
        authority = Authority(folder, "authority")
        door = TlsDoor(server.port, *authority.certificate(folder))
        yield Outside(server, door, authority, folder / "home")
        door.close()
    finally:
        server.stop()


def test_prepare_makes_all_of_it_and_may_be_repeated(outside: Outside) -> None:
    for _ in range(2):
        done = outside.manage("prepare")
        assert done.returncode == 0, done.stdout + done.stderr
    balanced = outside.manage("trial_balance")
    assert balanced.returncode == 0, balanced.stderr
    assert (outside.home / "static" / "staticfiles.json").exists()


@pytest.mark.parametrize(
    ("database", "named"),
    [
        ("codesign", {"DATABASE_OWNER_URL": ""}),
        ("nowhere", {"DATABASE_ADMIN_URL": ""}),
    ],
)
def test_prepare_says_in_a_sentence_what_it_lacks(
    outside: Outside, database: str, named: dict[str, str]
) -> None:
    addresses = {
        "DATABASE_URL": outside.url(APP_ROLE, database=database),
        "DATABASE_OWNER_URL": outside.url(OWNER_ROLE, database=database),
    }
    refused = outside.manage("prepare", **(addresses | named))
    assert refused.returncode == 1
    assert "DATABASE_OWNER_URL" in refused.stderr
    assert "If DATABASE_ADMIN_URL names" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert QUOTED not in refused.stderr
    assert PASSWORD not in refused.stderr


def test_prepare_gives_up_with_a_sentence_where_a_table_is_held(outside: Outside) -> None:
    with psycopg.connect(outside.url(OWNER_ROLE)) as somebody:
        somebody.execute("LOCK TABLE django_migrations")
        refused = outside.manage("prepare")
    assert refused.returncode == 1
    said = refused.stderr.splitlines()[-1]
    assert "A table that prepare needs was locked for more than 5 seconds" in said
    assert "Stop web, workers and beat, and run it again." in said
    assert "Traceback" not in refused.stderr
    assert outside.manage("prepare").returncode == 0


def test_the_application_owns_nothing_and_cannot_look_away(outside: Outside) -> None:
    assert outside.manage("prepare").returncode == 0
    with psycopg.connect(outside.url(APP_ROLE), autocommit=True) as app:
        row = app.execute(
            "SELECT (SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole), "
            "rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles "
            "WHERE rolname = current_user"
        ).fetchone()
        assert row == (0, False)
        for refused, said in (
            ("UPDATE annotations_judgement SET comment = ''", "denied for table"),
            ("DELETE FROM audit_event", "denied for table audit_event"),
            ("TRUNCATE annotations_judgement", "denied for table"),
            ("DROP TABLE annotations_judgement", "must be owner of table"),
            ("ALTER TABLE annotations_judgement DISABLE TRIGGER ALL", "must be owner of table"),
            ("CREATE TABLE mine (a int)", "denied for schema public"),
            ("SET session_replication_role = replica", "denied to set parameter"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=said):
                app.execute(refused)


def test_a_backup_goes_over_tls_too(outside: Outside, tmp_path: Path) -> None:
    assert outside.manage("prepare").returncode == 0
    made = outside.manage("backup", str(tmp_path / "backup"))
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("another authority", "certificate verify failed"),
        ("another name", "does not match host name"),
        ("no TLS", "server closed the connection"),
    ],
)
def test_a_server_that_does_not_prove_itself_gets_no_password(
    outside: Outside, tmp_path: Path, how: str, said: str
) -> None:
    stranger = Authority(tmp_path, "stranger")
    full = "sslmode=verify-full&sslrootcert="
    address = {
        "another authority": outside.url(APP_ROLE, more=f"{full}{stranger.file}"),
        "another name": outside.url(APP_ROLE).replace("@127.0.0.1:", "@localhost:"),
        "no TLS": outside.url(APP_ROLE, more="sslmode=disable"),
    }[how]
    before = outside.door.heard
    with pytest.raises(psycopg.OperationalError, match=said):
        psycopg.connect(address)
    assert outside.door.heard == before


def test_addresses_that_would_undo_the_two_roles_are_refused(outside: Outside) -> None:
    same = outside.manage("prepare", DATABASE_OWNER_URL=outside.url(APP_ROLE))
    assert "DATABASE_OWNER_URL must name another role" in same.stderr
    other = outside.manage("prepare", DATABASE_URL=outside.url("somebody"))
    assert "DATABASE_URL must name the role codesign_app." in other.stderr
