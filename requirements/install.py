"""Installs locks into .venv: `python requirements/install.py run.lock` (`make install`).

uv does it in a fraction of pip's time. pip does it where uv cannot be had, where pip is configured
in a way that uv has no option for, and where uv fails, so that the errors shown are those of pip.
"""

import argparse
import os
import subprocess
import sys

from installers import HERE, PYTHON, pip_install, uv
from pip_settings import UntoldError, for_uv, pip_settings


def with_uv(words: list[str]) -> bool:
    """Install by uv; return whether that worked."""
    try:
        options, variables = for_uv(pip_settings())
    except UntoldError:
        return False
    program = uv()
    if program is None:
        return False
    command = [program, "pip", "install", "--quiet", "--python", str(PYTHON), *options, *words]
    done = subprocess.run(
        command, check=False, env=os.environ | variables, stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def main() -> int:
    """Install the locks named; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("locks", nargs="+", metavar="LOCK", help="a file in requirements/")
    parser.add_argument(
        "--no-deps", action="store_true", help="only what the locks list, without dependencies"
    )
    asked = parser.parse_args()
    words = [word for lock in asked.locks for word in ("-r", str(HERE / lock))]
    words += ["--no-deps"] if asked.no_deps else []
    if with_uv(words):
        return 0
    return subprocess.run([*pip_install(), *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
