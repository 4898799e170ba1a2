"""What tests of several installations' parts use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codesign.config.servers.folders import private_folder, socket_folder
from codesign.config.servers.postgres import Postgres


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Any]:
    """Start the embedded server of a restored home; it stops after the test."""
    servers: list[Postgres] = []

    def start(home: Path) -> Postgres:
        server = Postgres(
            data=home / "postgres",
            sockets=socket_folder(home),
            log=private_folder(home / "logs") / "postgres.log",
        )
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
