"""Write run.lock and dev.lock from pyproject.toml (`make lock`).

uv resolves the versions in its own environment. It does not read pip's configuration, so this
script passes pip's indexes to it. torch is written without its local version ("+cpu"), so that the
same lock works for CPU and GPU builds; for the same reason there are no hashes. Run this on a
machine where pip finds a CPU build of torch. Otherwise the lock includes CUDA's packages, which
every machine would then install.
"""

import ast
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = {
    "find-links": "--find-links",
    "index-url": "--default-index",
    "extra-index-url": "--index",
}


def pip_options() -> list[str]:
    """Return uv's options for the settings of `pip config`. The environment takes precedence."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    settings: dict[str, str] = {}
    for line in listed.splitlines():
        name, _equals, value = line.partition("=")
        section, _dot, key = name.rpartition(".")
        if key in OPTIONS and (key not in settings or section == ":env:"):
            settings[key] = ast.literal_eval(value)
    return [
        word
        for key, value in settings.items()
        for place in value.split()
        for word in (OPTIONS[key], place)
    ]


def compile_lock(uv: Path, target: Path, *extra: str) -> None:
    """Resolve pyproject.toml into one lock file."""
    subprocess.run(
        [
            str(uv), "pip", "compile", str(HERE.parent / "pyproject.toml"), *extra,
            "--python-version", "3.11", "--no-header", "--no-annotate", "--upgrade", "--quiet",
            "--no-emit-index-url", "--no-emit-find-links",
            "--index-strategy", "unsafe-best-match", *pip_options(), "--output-file", str(target),
        ],
        check=True,
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
