"""RabbitMQ as the broker, if it is installed: the same code with another address."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from codesign.config.servers.process import Child, Spec, stop
from codesign.jobs.carrier import QUEUES
from tests.support.outside_servers import answers
from tests.support.running import PATIENCE, ROOT, eventually, free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
FOUND = SERVER.exists() and shutil.which("erl") is not None

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOUND, reason="rabbitmq-server is not installed here"),
    pytest.mark.django_db(transaction=True),
]

ASK = """
import json
import django
django.setup()
from celery import current_app
from django.conf import settings
from codesign.config import health
from codesign.jobs.carrier import QUEUES
tasks = {name: current_app.amqp.router.route({}, name)["queue"].name for name in QUEUES}
with current_app.connection_for_write() as broker:
    with broker.channel() as channel:
        waiting = {name: channel.queue_declare(name, passive=True).message_count
                   for name in ("default", "generation", "training", "exports")}
print(json.dumps({"missing": sorted(health.missing()), "routes": tasks, "waiting": waiting}))
"""
RING = """
import django
django.setup()
from celery import current_app
current_app.tasks["audit.tasks.seal"].apply_async(ignore_result=True)
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """Start a RabbitMQ node and its name server; both end with the test."""
    port = free_port()
    environment = os.environ | {
        "HOME": str(tmp_path),
        "RABBITMQ_NODENAME": f"codesign{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(tmp_path / "data"),
        "RABBITMQ_LOG_BASE": str(tmp_path / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(tmp_path / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(tmp_path / "rabbitmq"),
        "ERL_EPMD_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    names = Child(
        Spec(
            name="epmd",
            command=["epmd", "-port", environment["ERL_EPMD_PORT"], "-address", "127.0.0.1"],
            log=tmp_path / "epmd.log",
            environment=environment,
        )
    )
    node = Child(
        Spec(
            name="rabbitmq",
            command=[str(SERVER)],
            log=tmp_path / "rabbitmq.log",
            environment=environment,
            stop_signals=((signal.SIGTERM, 30.0),),
        )
    )
    try:
        eventually(lambda: answers(port))
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        stop([node])
        stop([names])


def run(code: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_that_goes_over_valkey_goes_over_rabbitmq(broker: str, tmp_path: Path) -> None:
    database = os.environ["DATABASE_URL"].replace(
        "/postgres?", f"/{connection.settings_dict['NAME']}?"
    )
    environment = os.environ | {
        "CELERY_BROKER_URL": broker,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "codesign.config.settings",
    }
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "codesign.config.celery", "worker"]
    command += ["--queues", "default,exports,generation,training", "--concurrency", "1"]
    command += ["--without-gossip", "--without-mingle"]
    spec = Spec(
        name="worker",
        command=command,
        log=log,
        environment=environment,
        cwd=ROOT,
        death_signal=signal.SIGKILL,
    )
    worker = Child(spec)
    try:
        eventually(lambda: "ready" in log.read_text())
        told = json.loads(run(ASK, environment))
        assert told["missing"] == []
        assert told["routes"] == QUEUES
        assert set(told["waiting"]) == set(QUEUES.values())
        run(RING, environment)
        eventually(
            lambda: "Task audit.tasks.seal" in log.read_text() and "succeeded" in log.read_text()
        )
        worker.signal(signal.SIGKILL)  # what it had not answered comes to the next one
    finally:
        stop([worker])
    run(RING, environment)
    assert json.loads(run(ASK, environment))["waiting"]["default"] == 1
    second = Child(spec)
    try:
        eventually(lambda: json.loads(run(ASK, environment))["waiting"]["default"] == 0)
    finally:
        stop([second])
