"""The processes of one machine (web, workers, beat): commands, signals and queues."""

import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from codesign.config import loading
from codesign.config.servers.guardian import Guardian
from codesign.config.servers.process import Child, Program, Spec

CELERY = (sys.executable, "-m", "celery", "-A", "codesign.config.celery")
WORKERS: tuple[tuple[str, str, int, int], ...] = (
    ("worker-default", "default", 1, 0),
    ("worker-exports", "exports", 1, 5),
    ("worker-generation", "generation", 1, 10),
    ("worker-training", "training", 1, 15),
)
"""Name, queues, processes, niceness. Niceness leaves the processor to web pages.

Long work has its own processes, so that a sign-in code never waits for a release or an import.
"""

GIVES_BACK = ("--max-memory-per-child", "170000")
"""KB. A process above this is replaced after its task; a large release leaves 200 MB."""
WORKER_STOPS = ((signal.SIGTERM, 5.0), (signal.SIGQUIT, 3.0))
"""Let tasks finish, then interrupt them, which returns their messages to the broker."""


class Application(Program):
    """A process of Codesign. The supervisor does not wait for it, since nothing depends on it."""

    def __init__(self, spec: Spec, guardian: Guardian | None = None) -> None:
        """Set the specification; `start` starts the process."""
        self.name = spec.name
        self._spec = spec
        self._guardian = guardian

    def start(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        """Start it."""
        self.child = Child(self._spec, self._guardian)


def web(port: int, logs: Path, environment: Mapping[str, str]) -> Spec:
    """Return the specification of gunicorn, listening only on this machine."""
    command = [sys.executable, "-m", "gunicorn", "-c", "python:codesign.config.gunicorn"]
    command += ["codesign.config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    return Spec(
        name="web",
        command=command,
        log=logs / "web.log",
        stop_signals=((signal.SIGTERM, 8.0),),
        environment=environment,
        inside=loading.inside(command),
    )


def workers(logs: Path, environment: Mapping[str, str]) -> list[Spec]:
    """Return the specifications of the Celery workers, one per kind of work."""
    commands = {
        name: [
            *CELERY, "worker", "--queues", queues, "--concurrency", str(processes),
            "--hostname", f"{name}@%h", "--loglevel", "INFO",
            "--without-gossip", "--without-mingle",
            *(GIVES_BACK if "exports" in queues else ()),
        ]
        for name, queues, processes, _niceness in WORKERS
    }  # fmt: skip
    return [
        Spec(
            name=name,
            command=commands[name],
            log=logs / f"{name}.log",
            death_signal=signal.SIGKILL,
            stop_signals=WORKER_STOPS,
            environment=environment,
            niceness=niceness,
            inside=loading.inside(commands[name]),
        )
        for name, _queues, _processes, niceness in WORKERS
    ]


def beat(logs: Path, environment: Mapping[str, str]) -> Spec:
    """Return the specification of Celery beat, which sends scheduled tasks."""
    command = [*CELERY, "beat", "--loglevel", "INFO"]
    return Spec(
        name="beat",
        command=command,
        log=logs / "beat.log",
        environment=environment,
        inside=loading.inside(command),
    )
