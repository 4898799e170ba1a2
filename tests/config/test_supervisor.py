"""`make run`: processes that die are restarted, a stop ends all, and nothing is lost."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from codesign.config.programs import Application
from codesign.config.servers.errors import ServerError
from codesign.config.servers.process import Spec
from codesign.config.supervisor import QUICK_DEATHS, Keeper, healthy
from tests.journeys.visitor import Visitor
from tests.support.production import production_environment
from tests.support.running import (
    NAMES,
    PATIENCE,
    READY,
    ROOT,
    Running,
    eventually,
    processes_of,
    user_environment,
)


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def running(shared_home: Path) -> Iterator[Running]:
    started = Running(shared_home)
    try:
        started.read_until(READY)
        yield started
    finally:
        started.stop()


def write_rows(running: Running) -> None:
    """Commit rows one by one, without a pause at the end."""
    with running.connect() as connection:
        for _ in range(20):
            connection.execute(
                "INSERT INTO django_session (session_key, session_data, expire_date) "
                "VALUES (gen_random_uuid(), 'kept', now() + interval '1 day')"
            )


@pytest.mark.slow
def test_without_a_mail_server_mail_is_saved_for_this_user_only(
    running: Running,
) -> None:
    visitor = Visitor(running.port)
    page = visitor.get("/account/login/code/")
    visitor.submit(page, page.form_with("email"), email="nobody@example.org")
    visitor.client.close()
    folder = running.home / "mail"
    eventually(lambda: list(folder.glob("*.log")) if folder.is_dir() else [])
    (kept,) = folder.glob("*.log")
    assert kept.stat().st_mode & 0o077 == 0
    eventually(lambda: "To: nobody@example.org" in kept.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NAMES, "supervisor"])
def test_killed_processes_restart_and_no_row_is_lost(running: Running, name: str) -> None:
    write_rows(running)
    assert {running.page_status() for _ in range(12)} == {200}
    before = running.row_counts()
    write_rows(running)
    before["django_session"] = int(str(before["django_session"])) + 20
    if name == "supervisor":
        running.process.kill()
        running.process.wait()
        eventually(lambda: not running.processes())
        running.start_again()
    else:
        (killed,) = running.find(NAMES[name])
        os.kill(killed, signal.SIGKILL)
        running.read_until(f"{name} ended (-9)")
        eventually(lambda: running.find(NAMES[name]) - {killed})
    running.wait_until_healthy()
    assert {running.page_status() for _ in range(12)} == {200}
    assert running.row_counts() == before


ANOTHER_TEST = """
import sys
from pathlib import Path
from tests.support.running import READY, Running
Running(Path(sys.argv[1])).read_until(READY)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no kernel tells of a parent's end")
def test_an_installation_ends_with_a_test_run_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER_TEST, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as test:
        assert test.stdout is not None
        assert test.stdout.readline() == "ready\n"
        assert processes_of(tmp_path)
        test.kill()
    eventually(lambda: not processes_of(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_loses_nothing(
    running: Running, number: signal.Signals
) -> None:
    write_rows(running)
    before = running.row_counts()
    running.process.send_signal(number)
    assert running.process.wait(timeout=PATIENCE) == 0
    assert running.processes() == []
    assert not (running.home / "run.json").exists()
    running.start_again()
    assert running.row_counts() == before


@pytest.mark.slow
def test_it_can_be_stopped_while_it_starts(tmp_path: Path) -> None:
    starting = Running(tmp_path)
    try:
        eventually(lambda: (tmp_path / "run.json").exists())
        starting.process.send_signal(signal.SIGTERM)
        assert starting.process.wait(timeout=PATIENCE) == 0
        assert starting.processes() == []
    finally:
        starting.stop()


@pytest.mark.slow
def test_failing_start_ends_with_its_reason(tmp_path: Path) -> None:
    run = Running(tmp_path, environment={"LOG_LEVEL": "no such level"})
    try:
        out, _ = run.process.communicate(timeout=PATIENCE)
        assert run.process.returncode == 1
        assert " failed. The last lines of " in out
        assert "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL" in out
        assert run.processes() == []
    finally:
        run.stop()


def test_repeatedly_failing_process_ends_the_run_with_its_log(tmp_path: Path) -> None:
    spec = Spec(
        name="web",
        command=[sys.executable, "-S", "-c", "raise SystemExit('no room')"],
        log=tmp_path / "web.log",
    )
    program = Application(spec)
    program.start()
    keeper = Keeper(program, home=tmp_path)
    with pytest.raises(ServerError, match=r"(?s)web keeps ending.*no room"):
        eventually(lambda: keeper.tend(pause=lambda _: None) < 0)
    assert spec.log.read_text().count("no room") == 1 + QUICK_DEATHS


@pytest.mark.slow
def test_second_run_on_the_same_home_gets_one_sentence(running: Running) -> None:
    second = Running(running.home)
    out, _ = second.process.communicate(timeout=PATIENCE)
    assert second.process.returncode == 1
    assert out.count("\n") == 1
    assert f"is already running in {running.home} at http://localhost:{running.port}" in out
    assert healthy(running.port)


@pytest.mark.slow
def test_commands_in_a_second_terminal_find_the_servers(running: Running) -> None:
    command = [sys.executable, "manage.py", "migrate", "--check"]
    completed = subprocess.run(
        command,
        cwd=ROOT,
        env=user_environment(CODESIGN_HOME=str(running.home)),
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 0, completed.stderr


def test_commands_without_running_servers_say_what_to_do(tmp_path: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=ROOT,
        env=user_environment(CODESIGN_HOME=str(tmp_path)),
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 1
    assert "start `make run` first" in completed.stderr
    assert "Traceback" not in completed.stderr


def test_taken_port_gets_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [sys.executable, "-m", "codesign.config.run"],
            cwd=ROOT,
            env=user_environment(CODESIGN_HOME=str(tmp_path), PORT=str(port)),
            capture_output=True,
            text=True,
        )
    assert refused.returncode == 1
    assert refused.stdout.count("\n") == 1
    assert f"Port {port} is in use" in refused.stdout
    assert refused.stderr == ""


@pytest.mark.slow
def test_external_servers_replace_embedded_ones(tmp_path: Path) -> None:
    address = os.environ["DATABASE_URL"]
    name = f"external_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as own:
        own.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    running = Running(
        tmp_path,
        environment={
            "DATABASE_URL": address.replace("/postgres?", f"/{name}?"),
            "CELERY_BROKER_URL": f"{os.environ['CELERY_BROKER_URL'].partition('?')[0]}"
            "?virtual_host=15",
        },
    )
    try:
        running.read_until(READY)
        commands = [" ".join(process.cmdline()) for process in running.processes()]
        assert not any("pginstall" in command or "valkey" in command for command in commands)
        assert not (tmp_path / "postgres").exists()
        assert not (tmp_path / "valkey").exists()
    finally:
        running.stop()


@pytest.mark.slow
def test_production_start_prints_address_and_next_step(
    tmp_path: Path,
) -> None:
    embedded = ("SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL")
    environment = production_environment(tmp_path, **dict.fromkeys(embedded, ""))
    running = Running(tmp_path, environment=environment)
    try:
        running.read_until("Ctrl-C")
        assert "Codesign is running: https://codesign.example.org\n" in running.said
        assert f"127.0.0.1:{running.port}." in running.said
        assert "localhost" not in running.said
        page = urllib.request.Request(
            f"http://127.0.0.1:{running.port}/account/login/",
            headers={"Host": "codesign.example.org", "X-Forwarded-Proto": "https"},
        )
        with urllib.request.urlopen(page, timeout=PATIENCE) as answer:
            assert answer.status == 200
        (line,) = [line for line in running.said.splitlines() if "make_site_admin" in line]
        made = subprocess.run(
            [sys.executable, *shlex.split(line)[1:]],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert made.returncode == 0, made.stderr
    finally:
        running.stop()
