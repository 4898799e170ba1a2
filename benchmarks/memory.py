"""Memory of an idle installation: every process that `make run` starts, without a model loaded.

Proportional set size: shared pages count for each process by its share, so that the sum is what the
machine really uses (Linux only, /proc/PID/smaps_rollup).
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from benchmarks.machine import ROOT, free_port
from codesign.config.programs import WORKERS

BUDGET_MB = 400
SETTLE = 45.0
"""Seconds after the start. By then, beat has sent every kind of task once or twice."""
KINDS = ("beat", *(name for name, *_ in WORKERS), "gunicorn", "valkey")


def run() -> None:
    """Start everything in an empty home, open some pages, wait, and add up the memory."""
    with tempfile.TemporaryDirectory(prefix="codesign-bench-") as home:
        port = free_port()
        environment = os.environ | {"CODESIGN_HOME": home, "PORT": str(port), "CODESIGN_DEMO": "0"}
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "SECRET_KEY"):
            environment.pop(name, None)
        environment["DJANGO_SETTINGS_MODULE"] = "codesign.config.settings"
        process = subprocess.Popen(
            [sys.executable, "-m", "codesign.config.run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "Codesign is running" in line:
                    break
            for _ in range(40):
                visit(port)
            time.sleep(SETTLE)
            report(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def visit(port: int) -> None:
    """Let a web process render a page, so that its memory includes what pages load."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/account/login/")
    connection.getresponse().read()
    connection.close()


def report(supervisor: int) -> None:
    """Print the memory by kind of process."""
    root = psutil.Process(supervisor)
    sums: Counter[str] = Counter()
    for process in (root, *root.children(recursive=True)):
        sums[kind(process, supervisor)] += proportional(process.pid)
    total = sum(sums.values()) / 1024
    print(f"Memory of an idle installation: {total:.0f} MB (at most {BUDGET_MB})")
    for name, size in sums.most_common():
        print(f"  {name:<18} {size / 1024:6.0f} MB")


def kind(process: psutil.Process, supervisor: int) -> str:
    """Return which part of the installation a process is."""
    if process.pid == supervisor:
        return "supervisor"
    words = " ".join(process.cmdline())
    if "worker-" not in words and " beat" in words:
        return "beat"
    return next((name for name in KINDS if name in words), "postgres")


def proportional(pid: int) -> int:
    """Return the proportional set size in kilobytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
