"""How a command in a second terminal finds the servers of a running `make run`."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from codesign.config.servers.folders import is_locked

RUN_FILE = "run.json"
DEMO_FILE = "demo-accounts.json"
LOCK_FILE = "lock"
SECRET_FILE = "secret-key"  # noqa: S105 - the name of a file


@dataclass(frozen=True)
class Running:
    """The content of `run.json`: the supervisor's process id and the addresses of its servers."""

    pid: int
    port: int
    database_url: str
    database_owner_url: str
    broker_url: str


def find_running(home: Path) -> dict[str, str | int] | None:
    """Return the content of the run file while its supervisor is alive, else None.

    Checks the supervisor's lock, because after a crash its process id may belong to another
    process.
    """
    if not is_locked(home / LOCK_FILE):
        return None
    try:
        running: dict[str, str | int] = json.loads((home / RUN_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return running


def announce(home: Path, running: Running) -> None:
    """Write the run file atomically, readable by its owner only."""
    unfinished = home / f"{RUN_FILE}.unfinished"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(running), file)
    unfinished.replace(home / RUN_FILE)


def withdraw(home: Path) -> None:
    """Remove the run file."""
    (home / RUN_FILE).unlink(missing_ok=True)


def demo_accounts(home: Path) -> list[dict[str, str]]:
    """Return the sign-ins of the demo study, or none if there is no demo study."""
    try:
        accounts: list[dict[str, str]] = json.loads((home / DEMO_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return accounts
