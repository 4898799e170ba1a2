"""Operations on a whole study outside of pages: seconds, and memory of their process."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout

from benchmarks import machine
from codesign.config.servers.roles import APP_ROLE


def run(database: str, names: Iterable[str] = ()) -> None:
    """Run and print the operations one after another, each in its own process.

    Without `names`, all of them.
    """
    print(f"\nOperations on the whole of {database}")
    for name in names or CHORES:
        command = [sys.executable, "-m", "benchmarks.chores", name]
        environment = {**os.environ, "DATABASE_URL": machine.address_as(APP_ROLE, database)}
        output = subprocess.run(
            command, cwd=machine.ROOT, env=environment, check=True, stdout=subprocess.PIPE
        ).stdout
        seconds, memory = json.loads(output)
        print(f"{name:32}{seconds:8.1f} s {memory / 1e6:8.0f} MB", flush=True)


def _start_run() -> None:
    from annotations.models import Round
    from codesign.shared.actors import SYSTEM
    from modelhub.models import ModelVersion
    from modelhub.services.generation import start_run

    study = Round.objects.select_related("study").get(study__slug="bench").study
    version = ModelVersion.objects.filter(study=study).order_by("name")[0]
    start_run(actor=SYSTEM, study=study, version=version)


def _move(name: str) -> None:
    from annotations.models import Round
    from annotations.services import rounds
    from codesign.shared.actors import SYSTEM

    getattr(rounds, name)(actor=SYSTEM, round=Round.objects.get(study__slug="bench"))


def _go_on() -> None:
    from annotations.models import Round
    from annotations.queries.offering import JOB
    from codesign.jobs.queries import job_about
    from codesign.jobs.services.working import run_here

    made = Round.objects.get(study__slug="bench")
    run_here(job=job_about(kind=JOB, subject_id=made.id))


def _seal() -> None:
    from codesign.audit import services

    while services.seal():
        pass


def _command(name: str) -> None:
    from django.core.management import call_command

    with redirect_stdout(io.StringIO()):
        call_command(name)


CHORES: dict[str, Callable[[], None]] = {
    "start a generation run": _start_run,
    "close the round": lambda: _move("close_round"),
    "… all of it, by a worker": _go_on,
    "open the round": lambda: _move("open_round"),
    "… and all of it": _go_on,
    "trial_balance": lambda: _command("trial_balance"),
    "check_counts": lambda: _command("check_counts"),
    "seal the trail": _seal,
    "verify_audit": lambda: _command("verify_audit"),
}


def _measured(name: str) -> Iterator[float]:
    began = time.perf_counter()
    CHORES[name]()
    yield time.perf_counter() - began
    yield resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(list(_measured(sys.argv[1]))))
