"""compose.yaml, service by service, without containers: each documented command really starts."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils.crypto import get_random_string

from codesign.config.programs import WORKERS
from codesign.config.servers.process import Child, Spec, stop, tail
from tests.support.outside_servers import OutsidePostgres, outside_valkey
from tests.support.running import LONGEST, PATIENCE, ROOT, eventually, free_port, user_environment

OURS = (
    "prepare",
    "worker",
    "worker-exports",
    "worker-generation",
    "worker-training",
    "beat",
    "web",
)
"""In the order in which they come up."""


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    compose_file: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return compose_file


def filled_in() -> dict[str, str]:
    """The example file, with every empty place filled as its comment says."""
    lines = (ROOT / "compose.env.example").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {name: value or secrets.token_hex(32) for name, value in pairs}


def interpolated(text: str, variables: dict[str, str]) -> str:
    """`${NAME:?}` and `${NAME:-default}` as compose reads them."""

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        assert default is not None or name in variables, f"{name} is not in the example file"
        return variables.get(name) or default or ""

    return re.sub(r"\$\{(\w+)(?::\?|:-([^}]*))\}", value, text)


def test_every_kind_of_work_has_a_worker_and_they_are_those_of_make_run(
    plan: dict[str, Any],
) -> None:
    commands = [plan["services"][name]["command"] for name in OURS if name.startswith("worker")]
    asked = {
        (words[words.index("--queues") + 1], int(words[words.index("--concurrency") + 1]))
        for words in map(shlex.split, commands)
    }
    assert asked == {(queues, processes) for _, queues, processes, _ in WORKERS}


def test_no_service_of_ours_sees_a_password_that_it_does_not_need(plan: dict[str, Any]) -> None:
    for name in OURS[1:]:
        environment = plan["services"][name]["environment"]
        assert not {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"} & set(environment)
        assert environment["OWNER_PASSWORD"] == environment["DATABASE_ADMIN_PASSWORD"] == ""


def test_env_moves_only_where_the_map_listens(plan: dict[str, Any]) -> None:
    """Every container reads the whole .env; ports and volumes inside containers stay the same."""
    recipe = (ROOT / "Dockerfile").read_text()
    web = plan["services"]["web"]
    assert web["environment"]["PORT"] in web["healthcheck"]["test"][-1]
    for name in OURS:
        inside = plan["services"][name]["environment"]
        assert inside["WEB_HOST"] == "0.0.0.0"
        assert f"EXPOSE {inside['PORT']}\n" in recipe
        assert f"CODESIGN_HOME={inside['CODESIGN_HOME']} " in recipe
        assert f"home:{inside['CODESIGN_HOME']}" in plan["services"][name]["volumes"]


def test_the_image_holds_what_the_commands_need() -> None:
    recipe = (ROOT / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (\S+)", recipe, re.M)
    assert all((ROOT / name).exists() for name in copied)
    packages = {"manage.py", "codesign", "annotations", "modelhub", "templates", "requirements"}
    assert set(copied) == packages


class Machine:
    """Runs the commands of the containers on ports of this machine."""

    def __init__(self, plan: dict[str, Any], folder: Path, ports: dict[str, int]) -> None:
        self._plan, self._folder, self._ports = plan, folder, ports
        self.variables = filled_in() | {"PORT": "9123"}
        self.web_port = free_port()

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service, with addresses on this machine."""
        service = self._plan["services"][name]
        given = {k: interpolated(v, self.variables) for k, v in service["environment"].items()}
        for host, port in self._ports.items():
            given = {k: re.sub(rf"@{host}:\d+", f"@127.0.0.1:{port}", v) for k, v in given.items()}
        seen = self.variables | given
        image = {"CODESIGN_HOME": str(self._folder / "home"), "WEB_HOST": "127.0.0.1"}
        if seen["PORT"] == self.inside():
            image["PORT"] = str(self.web_port)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = user_environment(**(seen | image | {"PATH": path}))
        of_tests = "DJANGO_ALLOW_ASYNC_UNSAFE"  # the check of a deployment refuses it, rightly
        return {k: value for k, value in environment.items() if value and k != of_tests}

    def inside(self) -> str:
        """The port of the web container that the map leads to; here it is `web_port`."""
        (led,) = self._plan["services"]["web"]["ports"]
        outside, port = interpolated(led, self.variables).rsplit(":", 1)
        assert outside == f"127.0.0.1:{self.variables['PORT']}"
        return port

    def spec(self, name: str) -> Spec:
        return Spec(
            name=name,
            command=shlex.split(self._plan["services"][name]["command"]),
            log=self._folder / f"{name}.log",
            environment=self.environment(name),
            stop_signals=((signal.SIGTERM, PATIENCE), (signal.SIGQUIT, 5.0)),
            cwd=ROOT,
        )


@contextmanager
def machine(plan: dict[str, Any], folder: Path) -> Iterator[Machine]:
    """Start PostgreSQL and Valkey as compose does, and no service of the project."""
    ports: dict[str, int] = {}
    made = Machine(plan, folder, ports)
    server = OutsidePostgres(folder / "db")
    server.start()
    try:
        server.give_password("postgres", made.variables["DATABASE_ADMIN_PASSWORD"])
        with outside_valkey(folder, made.variables["BROKER_PASSWORD"]) as broker:
            ports.update(db=server.port, broker=broker)
            yield made
    finally:
        server.stop()


def healthz(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.slow
def test_each_service_starts_by_its_command_and_together_they_are_healthy(
    plan: dict[str, Any], tmp_path: Path
) -> None:
    assert set(plan["services"]) == {"db", "broker", *OURS}
    with machine(plan, tmp_path) as here, ExitStack() as running:
        prepare = here.spec("prepare")
        prepared = subprocess.run(
            prepare.command,
            env=prepare.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
        assert prepared.returncode == 0, prepared.stdout + prepared.stderr
        children = {}
        for name in OURS[1:]:
            children[name] = child = Child(here.spec(name))
            running.callback(stop, [child])
        eventually(lambda: healthz(here.web_port) == 200)
        for name, child in children.items():
            assert child.exit_code() is None, f"{name}: {tail(child.spec.log, 20)}"
        probe = plan["services"]["web"]["healthcheck"]["test"]
        asked = [word.replace(f":{here.inside()}/", f":{here.web_port}/") for word in probe[1:]]
        assert subprocess.run(asked, env=here.environment("web"), timeout=PATIENCE).returncode == 0
        page = urllib.request.Request(
            f"http://127.0.0.1:{here.web_port}/account/login/",
            headers={"Host": here.variables["ALLOWED_HOSTS"], "X-Forwarded-Proto": "https"},
        )
        with urllib.request.urlopen(page, timeout=PATIENCE) as answer:
            assert answer.status == 200
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        admin = subprocess.run(
            [sys.executable, "manage.py", "make_site_admin", f"{get_random_string(8)}@example.org"],
            env=here.environment("web"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert admin.returncode == 0, admin.stderr
        stop(list(children.values()))
        assert {name: child.exit_code() for name, child in children.items()} == dict.fromkeys(
            children, 0
        )
