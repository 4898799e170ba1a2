"""Starts the servers that the tests use; loaded as `-p tests.plugin` (see pyproject.toml).

It does so while it is imported, since pytest-django reads the settings, and with them the
addresses, before any hook runs. Under xdist the controller starts them and the workers inherit
the environment. Both servers end with the controller, `kill -9` included.
"""

import atexit
import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from codesign.config.servers.folders import lock
from codesign.config.servers.postgres import SUPERUSER, THROW_AWAY, Postgres
from codesign.config.servers.valkey import Valkey

PREFIX = "codesign-test-"
YOUNG = 600
"""Seconds."""
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def start_servers() -> None:
    """Start a throw-away PostgreSQL and Valkey where the environment names none."""
    clear_old_homes()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    held = lock(home / "lock", wait=0)
    assert held is not None
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["CODESIGN_HOME"] = str(home)
    os.environ["CODESIGN_ENV"] = "test"
    # tests answer in milliseconds; those of the pace itself set it back
    os.environ.setdefault("CODESIGN_PAY_PACE", "1000000")
    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(
            data=home / "postgres", sockets=home, log=home / "postgres.log", settings=THROW_AWAY
        )
        postgres.start()
        atexit.register(postgres.stop)
        os.environ["DATABASE_URL"] = postgres.url(SUPERUSER, database=SUPERUSER)
        os.environ["CODESIGN_TEST_SERVER"] = "throw-away"
    if "CELERY_BROKER_URL" not in os.environ:
        valkey = Valkey(data=home / "valkey", sockets=home, log=home / "valkey.log")
        valkey.start()
        atexit.register(valkey.stop)
        os.environ["CELERY_BROKER_URL"] = valkey.url()


def clear_old_homes() -> None:
    """Remove what killed test runs left; a running one holds the lock of its home.

    Young ones stay: another run may have made its home and not locked it yet.
    """
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):
            status = home.stat()
            if status.st_uid != os.getuid() or time.time() - status.st_mtime < YOUNG:
                continue
            held = lock(home / "lock", wait=0)
            if held is not None:
                shutil.rmtree(home, ignore_errors=True)
                os.close(held)


def use_own_broker_database() -> None:
    """Give each xdist worker a numbered database of the broker, as it has one of PostgreSQL."""
    address = os.environ["CELERY_BROKER_URL"]
    if address.startswith("redis+socket://") and "?" not in address:
        number = int(WORKER.removeprefix("gw")) + 1
        os.environ["CELERY_BROKER_URL"] = f"{address}?virtual_host={number}"


def use_own_home() -> None:
    """Give each xdist worker a folder of its own, where no other files come and go."""
    home = Path(os.environ["CODESIGN_HOME"]) / WORKER
    home.mkdir(exist_ok=True)
    os.environ["CODESIGN_HOME"] = str(home)


if WORKER:
    use_own_broker_database()
    use_own_home()
else:
    start_servers()
