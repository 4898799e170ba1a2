"""The guardian that ends children where the kernel does not (it runs on Linux too)."""

import signal
import subprocess
import sys

import pytest

from codesign.config.servers.guardian import Guardian

MEEK = "import signal; print(flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {MEEK}"


@pytest.mark.parametrize(
    ("program", "ended_by"), [(MEEK, signal.SIGTERM), (STUBBORN, signal.SIGKILL)]
)
def test_what_is_watched_ends_when_the_pipe_does(program: str, ended_by: int) -> None:
    guardian = Guardian(grace=0.5)
    with (
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True
        ) as watched,
        subprocess.Popen(
            [sys.executable, "-c", MEEK], stdout=subprocess.PIPE, start_new_session=True
        ) as forgotten,
    ):
        for process in (watched, forgotten):
            assert process.stdout is not None
            process.stdout.readline()
        guardian.watch(watched.pid, signal.SIGTERM)
        guardian.watch(forgotten.pid, signal.SIGTERM)
        guardian.forget(forgotten.pid)
        guardian.dismiss()
        assert watched.wait(timeout=60) == -ended_by
        assert forgotten.poll() is None
        forgotten.kill()
