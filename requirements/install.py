"""Installs locks into .venv: `python requirements/install.py run.lock` (`make install`).

uv does it in a fraction of pip's time. pip does it where uv cannot be had, where pip is configured
in a way that uv has no word for, and where uv fails: its own words are then the ones to read.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pip_settings import UntoldError, for_uv, pip_settings

HERE = Path(__file__).parent
PYTHON = Path(sys.executable)
PIP = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]


def uv_program() -> str | None:
    """Return the path of uv, which is installed beside Python where the machine has none."""
    beside = PYTHON.with_name("uv")
    if beside.exists():
        return str(beside)
    if found := shutil.which("uv"):
        return found
    subprocess.run(
        [*PIP, "--retries", "1", "-r", str(HERE / "uv.txt")], check=False, stderr=subprocess.DEVNULL
    )
    return str(beside) if beside.exists() else None


def with_uv(words: list[str]) -> bool:
    """Install by uv; tell whether that worked."""
    try:
        options, variables = for_uv(pip_settings(PYTHON))
    except UntoldError:
        return False
    uv = uv_program()
    if uv is None:
        return False
    command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), *options, *words]
    done = subprocess.run(
        command, check=False, env=os.environ | variables, stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def main() -> int:
    """Install the locks named; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("locks", nargs="+", metavar="LOCK", help="a file beside this one")
    parser.add_argument("--no-deps", action="store_true", help="what the locks name, and no more")
    asked = parser.parse_args()
    words = [word for lock in asked.locks for word in ("-r", str(HERE / lock))]
    words += ["--no-deps"] if asked.no_deps else []
    if with_uv(words):
        return 0
    return subprocess.run([*PIP, *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
