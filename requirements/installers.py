"""The two programs that install packages into .venv: uv, and pip where uv cannot."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = Path(sys.executable)
OLDEST_PIP = (22, 3)
"""The first version that installs into an environment other than its own, by --python."""


@cache
def pip() -> tuple[str, ...]:
    """Return the command that runs pip.

    It is the pip of the Python that .venv was made with. Only where that Python has none is one
    installed into .venv, which takes longer than all that follows.
    """
    outside = (str(getattr(sys, "_base_executable", PYTHON)), "-m", "pip")
    told = subprocess.run([*outside, "--version"], check=False, capture_output=True, text=True)
    if told.returncode == 0 and _version(told.stdout) >= OLDEST_PIP:
        return outside
    subprocess.run([str(PYTHON), "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    return (str(PYTHON), "-m", "pip")


def pip_install() -> tuple[str, ...]:
    """Return the command that installs into .venv by pip; options and packages follow it."""
    return (
        *pip(),
        *("--python", str(PYTHON), "install", "--disable-pip-version-check", "--quiet"),
    )


def uv() -> str | None:
    """Return the path of uv, which is installed into .venv if the machine has none."""
    inside = PYTHON.with_name("uv")
    if not inside.exists():
        if path := shutil.which("uv"):
            return path
        subprocess.run(
            [*pip_install(), "--retries", "1", "-r", str(HERE / "uv.txt")],
            check=False,
            stderr=subprocess.DEVNULL,
        )
    return str(inside) if inside.exists() else None


def _version(told: str) -> tuple[int, ...]:
    """Return the version in the words of `pip --version`: "pip 23.2.1 from …"."""
    return tuple(int(part) for part in told.split()[1].split(".")[:2] if part.isdecimal())
