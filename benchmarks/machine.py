"""A temporary installation: both servers, the tables and gunicorn, as `make run` starts them."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from codesign.config import programs
from codesign.config.servers.folders import private_folder, socket_folder
from codesign.config.servers.postgres import DATABASE, SUPERUSER, Postgres
from codesign.config.servers.roles import APP_ROLE, OWNER_ROLE, give_rights
from codesign.config.servers.valkey import Valkey

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processor_seconds(process: int) -> float:
    """Return the processor time of a process and its descendants so far (Linux)."""
    used: dict[int, float] = {}
    started: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            used[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / TICKS
            started.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    family = [process]
    for member in family:
        family += started.get(member, [])
    return sum(used.get(member, 0.0) for member in family)


@contextlib.contextmanager
def servers() -> Iterator[int]:
    """Start PostgreSQL (with fsync, as in production) and Valkey; set their addresses.

    Yields the process id of PostgreSQL.
    """
    with tempfile.TemporaryDirectory(prefix="codesign-bench-") as folder:
        home = Path(folder)
        sockets = socket_folder(home)
        logs = private_folder(home / "logs")
        postgres = Postgres(data=home / "postgres", sockets=sockets, log=logs / "postgres.log")
        valkey = Valkey(data=home / "valkey", sockets=sockets, log=logs / "valkey.log")
        postgres.start()
        try:
            postgres.make_roles()
            valkey.start()
            os.environ.update(
                CODESIGN_HOME=str(home),
                DATABASE_URL=postgres.url(APP_ROLE),
                CELERY_BROKER_URL=valkey.url(),
                DJANGO_SETTINGS_MODULE="benchmarks.settings",
                SECRET_KEY="only-for-this-measurement",
                CODESIGN_PAY_PACE="1000000",  # simulated people answer immediately
            )
            owner = {**os.environ, "DATABASE_URL": postgres.url(OWNER_ROLE)}
            manage("migrate", "--no-input", "-v0", environment=owner)
            manage("collectstatic", "--no-input", "-v0", environment=dict(os.environ))
            assert postgres.child is not None
            yield postgres.child.pid
        finally:
            valkey.stop()
            postgres.stop()


def manage(*arguments: str, environment: dict[str, str]) -> None:
    """Run a management command."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True)


def address_as(role: str, database: str) -> str:
    """Return the address of a database on the server for another role than the application's."""
    url = urlsplit(os.environ["DATABASE_URL"])
    named = url._replace(netloc=url.netloc.replace(APP_ROLE, role, 1), path=f"/{database}")
    return urlunsplit(named)


def analyze() -> None:
    """Update the planner's statistics, as autovacuum does after a while.

    As the superuser, because the application's role owns no tables.
    """
    with psycopg.connect(address_as(SUPERUSER, DATABASE), autocommit=True) as admin:
        admin.execute("ANALYZE")


def make_database(name: str, *, template: str = "") -> None:
    """Create another database: with all tables and no rows, or a copy of `template`."""
    with psycopg.connect(address_as(SUPERUSER, SUPERUSER), autocommit=True) as admin:
        copied = f"TEMPLATE {template}" if template else ""
        admin.execute(f"CREATE DATABASE {name} OWNER {OWNER_ROLE} {copied}")
    if not template:
        owner = address_as(OWNER_ROLE, name)
        with psycopg.connect(owner, autocommit=True) as connection:
            give_rights(connection)
        manage("migrate", "--no-input", "-v0", environment={**os.environ, "DATABASE_URL": owner})


@contextlib.contextmanager
def web(database: str = DATABASE) -> Iterator[tuple[int, int]]:
    """Run gunicorn with the supervisor's command. Yields its port and process id."""
    port = free_port()
    logs = Path(os.environ["CODESIGN_HOME"]) / "logs"
    environment = {**os.environ, "DATABASE_URL": address_as(APP_ROLE, database)}
    spec = programs.web(port, logs, environment)
    with (logs / "web.log").open("ab") as log:
        process = subprocess.Popen(spec.command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int) -> None:
    for _n in range(300):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/bare/")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("The web server did not answer.")
