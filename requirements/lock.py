"""Write run.lock and dev.lock from pyproject.toml (`make lock`).

uv resolves the versions in its own environment, with pip's configuration. torch is written without
its local version ("+cpu"), so that the same lock works for CPU and GPU builds; for the same reason
there are no hashes. Run this on a machine where pip finds a CPU build of torch. Otherwise the lock
includes CUDA's packages, which every machine would then install.
"""

import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from pip_settings import for_uv, pip_settings

HERE = Path(__file__).parent


def compile_lock(uv: Path, target: Path, *extra: str) -> None:
    """Resolve pyproject.toml into one lock file."""
    options, variables = for_uv(pip_settings(Path(sys.executable)))
    subprocess.run(
        [
            str(uv), "pip", "compile", str(HERE.parent / "pyproject.toml"), *extra,
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
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        binaries = Path(folder) / "bin"
        subprocess.run(
            [str(binaries / "python"), "-m", "pip", "install", "--quiet", "uv"], check=True
        )
        compile_lock(binaries / "uv", HERE / "run.lock")
        compile_lock(binaries / "uv", HERE / "dev.lock", "--extra", "dev")


if __name__ == "__main__":
    main()
