"""A real supervisor with everything below it, in a home and on a port of its own."""

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from codesign.config.supervisor import healthy
from codesign.shared.processes import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
READY = "Codesign is running"
PATIENCE = 300.0
"""Seconds. A start takes five to fifteen, ten times that where the machine is busy with tests."""

LONGEST = 900.0
"""Seconds that a command or a process may take that brings in rows or trains; quiet, one minute."""


def eventually(check: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Ask again and again until the answer is yes.

    The longer it takes, the rarer the questions, up to one in three seconds: a browser that loads a
    page twenty times a second takes the processor from the work that is waited for.
    """
    begun = time.monotonic()
    while not check():
        waited = time.monotonic() - begun
        assert waited < seconds, f"{check} is still false after {seconds} s"
        select.select([], [], [], min(3.0, max(0.05, waited / 20)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def user_environment(**more: str) -> dict[str, str]:
    """Return the environment of a person who has set nothing, with what `more` sets."""
    servers = ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL")
    ours = (*servers, "CODESIGN_ENV", "CODESIGN_HOME", "PORT", "SECRET_KEY")
    plain = {key: value for key, value in os.environ.items() if key not in ours}
    return {**plain, "CODESIGN_DEMO": "0", **more}


def manage(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a management command for this home; wait as long as a busy machine may need."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=user_environment(CODESIGN_HOME=str(home), **environment),
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )


def give_back_signals() -> None:
    """A test run in the background hands on its ignored signals; a person's shell does not."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def processes_of(home: Path) -> list[psutil.Process]:
    """Return everything that runs for this home, orphans too; zombies have ended."""
    processes = []
    for process in psutil.process_iter():
        try:
            about = " ".join(process.cmdline()) + process.environ().get("CODESIGN_HOME", "")
            about += os.readlink(f"/proc/{process.pid}/fd/1")  # its log; a title hides the rest
            if str(home) in about and process.status() != psutil.STATUS_ZOMBIE:
                processes.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue
    return [process for process in processes if process.pid != os.getpid()]


class Running:
    """One `python -m codesign.config.run`."""

    def __init__(self, home: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = free_port()
        self._environment = dict(environment or {})
        self.process = self.launch()
        self.said = ""

    def launch(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "codesign.config.run"],
            cwd=ROOT,
            env=user_environment(**self._environment)
            | {"CODESIGN_HOME": str(self.home), "PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=self._prepare(),
        )

    def _prepare(self) -> Callable[[], None]:
        """The installation ends when the test's process does, however that ends (Linux)."""
        end_with_us = die_with_parent(signal.SIGTERM)

        def prepare() -> None:
            give_back_signals()
            end_with_us()

        return prepare

    def read_until(self, words: str) -> None:
        """Read what it says until these words come."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return
        raise AssertionError(f"it ended without saying {words!r}, but: {self.said}")

    def wait_until_healthy(self) -> None:
        eventually(lambda: healthy(self.port))

    def start_again(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = self.launch()
        self.read_until(READY)

    def processes(self) -> list[psutil.Process]:
        return processes_of(self.home)

    def find(self, word: str) -> set[int]:
        """Return the ids of the supervisor's children whose command holds this word."""
        child_ids = set()
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # ended meanwhile, zombies too
                if word in " ".join(child.cmdline()):
                    child_ids.add(child.pid)
        return child_ids

    def page_status(self) -> int:
        """Ask for a page whose cookie makes it read the database."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(
                "GET", "/account/login/", headers={"Cookie": f"sessionid={'0' * 32}"}
            )
            return connection.getresponse().status
        finally:
            connection.close()

    def connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        run_file = json.loads((self.home / "run.json").read_text())
        return psycopg.connect(run_file["database_url"], autocommit=True)

    def row_counts(self) -> dict[str, object]:
        """Count the rows of every table, but of the one whose rows are there to lapse."""
        with self.connect() as connection:
            names = connection.execute(
                "SELECT tablename FROM pg_tables"
                " WHERE schemaname = 'public' AND tablename <> 'accounts_signinmemory'"
            ).fetchall()
            counts: dict[str, object] = {}
            for (name,) in names:
                query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(str(name)))
                row = connection.execute(query).fetchone()
                counts[str(name)] = row and row[0]
            return counts

    def stop(self) -> None:
        """Leave nothing behind, however the test went."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()


NAMES = {
    "web": "gunicorn",
    "worker-default": "worker-default@",
    "worker-exports": "worker-exports@",
    "worker-generation": "worker-generation@",
    "worker-training": "worker-training@",
    "beat": "codesign.config.celery beat",
    "postgres": "pginstall/bin/postgres",
    "valkey": "valkey-server",
}
