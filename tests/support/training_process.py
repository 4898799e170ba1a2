"""Training processes as workers start them, and releases for every method."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from modelhub.engine.progress import read_result
from tests.support.engine_release import pair, write_release

SHORT = {"max_steps": 2, "batch_size": 2, "lora_r": 2, "learning_rate": 1e-3}
LONG = SHORT | {"max_steps": 5000}
LIMIT_S = 900


class Trainer:
    """Writes specs and starts training processes in a folder."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder = folder
        self._base = base

    def spec(self, name: str, release: Path, **changes: Any) -> Path:
        spec = {
            "method": "dpo",
            "base_dir": str(self._base),
            "release_dir": str(release),
            "output_dir": str(self.out(name)),
            "params": SHORT,
            "seed": 7,
            "system_message": "Be kind.",
            "threads": 1,
        }
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(spec | changes))
        return path

    def out(self, name: str) -> Path:
        return self.folder / name

    def command(self, name: str, release: Path, **changes: Any) -> list[str]:
        """Return the command that workers use."""
        spec = self.spec(name, release, **changes)
        return [sys.executable, "-m", "modelhub.engine.train", str(spec)]

    def run(self, name: str, release: Path, **changes: Any) -> tuple[int, dict[str, Any]]:
        run = subprocess.run(
            self.command(name, release, **changes),
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
        return run.returncode, read_result(self.out(name), run.returncode) | {"said": run.stderr}


def single(number: int, label: bool) -> dict[str, Any]:
    record = pair(number)
    text = record["chosen" if label else "rejected"]
    return {"prompt": record["prompt"], "completion": text, "label": label}


def every_config(folder: Path) -> Path:
    """Four records for each method, and validation records for two configs."""
    singles = [single(i, i % 3 > 0) for i in range(4)]
    examples = [{k: v for k, v in row.items() if k != "label"} for row in singles]
    return write_release(
        folder,
        preference={"train": [pair(i) for i in range(4)], "validation": [pair(i) for i in (8, 9)]},
        sft={"train": examples},
        unpaired_preference={"train": singles, "validation": singles[:3]},
    )
