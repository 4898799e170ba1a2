"""One real installation for the journeys: `make run` on a home and a port of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.visitor import Visitor
from tests.support.running import READY, ROOT, Running, user_environment

STUDY = "/studies/hard-days"


@dataclass
class Installation:
    """A running Codesign with its demo study."""

    running: Running
    accounts: list[dict[str, Any]]
    visitors: list[Visitor] = field(default_factory=list)

    def account(self, role: str, *, consented: bool | None = None) -> dict[str, Any]:
        """The first demo account of that role."""
        return next(
            account
            for account in self.accounts
            if account["role"] == role and consented in (None, account["consented"])
        )

    def visitor(self, role: str, **which: Any) -> Visitor:
        """Somebody of that role, signed in by their form."""
        account = self.account(role, **which)
        visitor = Visitor(self.running.port)
        self.visitors.append(visitor)
        visitor.sign_in(account["email"], account["password"])
        return visitor

    def manage(self, *arguments: str) -> str:
        """A management command in a second terminal, which finds the servers by itself."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=user_environment(CODESIGN_HOME=str(self.running.home)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def installed(home: Path, embedded_model: Path) -> Iterator[Installation]:
    """An installation in that folder; the model was converted before, to save half a minute."""
    (home / "models").mkdir()
    (home / "models" / embedded_model.name).symlink_to(embedded_model)
    threads = str(max(1, (os.cpu_count() or 2) - 1))
    running = Running(home, environment={"CODESIGN_DEMO": "1", "CODESIGN_MODEL_THREADS": threads})
    try:
        running.read_until(READY)
        running.wait_until_healthy()
        accounts = json.loads((home / "demo-accounts.json").read_text())
        made = Installation(running, accounts)
        yield made
        for visitor in made.visitors:
            visitor.client.close()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, embedded_model: Path
) -> Iterator[Installation]:
    """Started once for the module."""
    with installed(tmp_path_factory.mktemp("installation"), embedded_model) as made:
        yield made
