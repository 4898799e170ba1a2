"""`python -m codesign.config.run`, which is `make run`: run everything on this machine."""

import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path

from codesign.config.housekeeping import no_room
from codesign.config.servers import discovery
from codesign.config.servers.errors import ServerError
from codesign.config.servers.folders import lock, private_folder
from codesign.config.supervisor import ROOT, Supervisor, say
from codesign.shared import disk_space
from codesign.shared.processes import end_with_parent

HALF_RESTORED = "restore-unfinished"
"""Marker file in a home while `manage.py restore` fills it."""


def main() -> int:
    """Check the port and the home, then run until asked to stop."""
    os.umask(0o077)
    if "MAKELEVEL" in os.environ:
        end_with_parent(signal.SIGTERM)
    environment = dict(os.environ)
    home = Path(environment.get("CODESIGN_HOME") or ROOT / "var").resolve()
    try:
        port = read_port(environment.get("PORT") or "8000")
        crashed = (home / discovery.RUN_FILE).exists()
        take_home(home)
        refuse_half_restored(home)
        check_port(port, wait=10.0 if crashed else 0.0)
        environment.setdefault("SECRET_KEY", secret_key(home))
        return Supervisor(home=home, port=port, environment=environment).run()
    except ServerError as error:
        say(str(error))
    except OSError as error:
        if not disk_space.was_lacking(error):
            raise
        say(no_room(home))
    return 1


def read_port(text: str) -> int:
    """Return the port that PORT names."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ServerError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def take_home(home: Path) -> None:
    """Lock the home until this process ends. Raises ServerError if another run has locked it."""
    private_folder(home)
    held = lock(home / discovery.LOCK_FILE, wait=1.0)
    if held is None:
        running = discovery.find_running(home)
        where = f" at http://localhost:{running['port']}" if running else ""
        raise ServerError(
            f"Codesign is already running in {home}{where}. Stop it first, or set CODESIGN_HOME "
            "to another folder."
        )


def refuse_half_restored(home: Path) -> None:
    """Refuse a home whose restore was interrupted."""
    if (home / HALF_RESTORED).exists():
        raise ServerError(
            f"{home} is incomplete, because a restore was interrupted. Run manage.py restore again."
        )


def check_port(port: int, *, wait: float) -> None:
    """Check that the port is free. After a crash, wait for the old web process to end."""
    deadline = time.monotonic() + wait
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return
            except OSError as error:
                if time.monotonic() >= deadline:
                    raise ServerError(
                        f"Port {port} is in use ({error.strerror}). Stop the program that uses it, "
                        f"or choose another port: make run PORT={min(port + 1, 65535)}."
                    ) from error
        time.sleep(0.1)


def secret_key(home: Path) -> str:
    """Return the installation's secret key, created at its first start."""
    path = home / discovery.SECRET_FILE
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        key = secrets.token_urlsafe(50)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(key, encoding="utf-8")
        unfinished.chmod(0o600)
        unfinished.replace(path)
        return key


if __name__ == "__main__":
    sys.exit(main())
