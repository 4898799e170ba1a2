"""How a second terminal finds the servers that a running `make run` embeds."""

import json
import os
from pathlib import Path
from typing import Any


def find_running(home: Path) -> dict[str, Any] | None:
    """Read `run.json` of a supervisor that still lives; None where there is none."""
    try:
        found: dict[str, Any] = json.loads((home / "run.json").read_text())
        os.kill(int(found["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return None
    return found
