"""Write run.lock and dev.lock from pyproject.toml (`make lock`).

uv resolves the versions, with pip's configuration. torch is written without
its local version ("+cpu"), so that the same lock works for CPU and GPU builds; for the same reason
there are no hashes. Run this on a machine where pip finds a CPU build of torch. Otherwise the lock
includes CUDA's packages, which every machine would then install.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from installers import HERE, uv
from pip_settings import for_uv, pip_settings


def compile_lock(program: str, target: Path, *extra: str) -> None:
    """Resolve pyproject.toml into one lock file."""
    options, variables = for_uv(pip_settings())
    subprocess.run(
        [
            program, "pip", "compile", str(HERE.parent / "pyproject.toml"), *extra,
            "--python-version", "3.11", "--no-header", "--no-annotate", "--upgrade", "--quiet",
            "--no-emit-index-url", "--no-emit-find-links",
            *options, "--output-file", str(target),
        ],
        check=True,
        env=os.environ | variables,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    pinned = target.read_text(encoding="utf-8")
    target.write_text(re.sub(r"^(torch==[^+\s]+)\+\S+", r"\1", pinned, flags=re.MULTILINE), "utf-8")


def main() -> None:
    """Write both lock files."""
    program = uv()
    if program is None:
        sys.exit("uv could not be installed; it is what chooses the versions.")
    compile_lock(program, HERE / "run.lock")
    compile_lock(program, HERE / "dev.lock", "--extra", "dev")


if __name__ == "__main__":
    main()
