"""A process that the supervisor forks shares only loaded modules with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import PATIENCE, ROOT

PROGRAM = """
import json, os, select, signal, sys
from pathlib import Path
from codesign.config.servers.process import Child, Spec, stop

class Asked(Exception):
    pass

def ask(*_):
    raise Asked

log, ending = Path(sys.argv[1]), sys.argv[2]
secret = os.open(log.parent, os.O_RDONLY)
signal.signal(signal.SIGTERM, ask)

def inside():
    try:
        os.fstat(secret)
        closed = False
    except OSError:
        closed = True
    about = {
        "argv": sys.argv,
        "word": os.environ["WORD"],
        "own session": os.getsid(0) == os.getpid(),
        "closed": closed,
        "term": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
        "title": Path("/proc/self/cmdline").read_text().strip("\\0 "),
        "nice": os.nice(0),
    }
    print(json.dumps(about))
    if ending == "sentence":
        raise SystemExit("there is no room")
    if ending == "fault":
        raise RuntimeError("a fault made for a test")
    if ending == "signal":
        signal.pause()

child = Child(
    Spec(
        name="program",
        command=[sys.executable, "-m", "program", "--loud"],
        log=log,
        environment={"WORD": "here"},
        niceness=3,
        stop_signals=((signal.SIGTERM, 10.0),),
        inside=inside,
    )
)
while ending == "signal" and not (log.exists() and log.read_bytes().endswith(b"}\\n")):
    select.select([], [], [], 0.01)
if ending == "signal":
    stop([child])
else:
    child._process.wait()
print(child.exit_code())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere programs are started anew")
@pytest.mark.parametrize(
    ("ending", "code", "last"),
    [
        ("well", 0, ""),
        ("sentence", 1, "there is no room"),
        ("fault", 1, "RuntimeError: a fault made for a test"),
        ("signal", -15, ""),
    ],
)
def test_fork_is_a_separate_process(tmp_path: Path, ending: str, code: int, last: str) -> None:
    log = tmp_path / "program.log"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(log), ending],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout.split() == [str(code)], done.stderr
    told, *rest = log.read_text().splitlines()
    about = json.loads(told)
    title = about.pop("title")
    assert about == {
        "argv": ["program", "--loud"],
        "word": "here",
        "own session": True,
        "closed": True,
        "term": True,
        "nice": os.nice(0) + 3,
    }
    assert "-m program" in title
    assert (rest[-1] if rest else "") == last
