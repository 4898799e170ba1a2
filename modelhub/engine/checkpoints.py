"""Checkpoints, from which a killed training run resumes.

A resumed run gives the same bytes as an uninterrupted run if all inputs are the same. Checkpoints
of other inputs are deleted.
"""

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

from modelhub.engine import ranks
from modelhub.engine.records import manifest_sha256
from modelhub.engine.spec import TrainSpec

_KEY = "key"
_LAST_WRITTEN = "trainer_state.json"
_LIBRARIES = ("torch", "transformers", "trl", "peft")


def folder(spec: TrainSpec) -> Path:
    """Return the folder of a run's checkpoints."""
    return spec.output_dir / "checkpoints"


def newest(spec: TrainSpec) -> Path | None:
    """Return the last complete checkpoint of this run, and delete all unusable ones.

    The library writes the state last, so a checkpoint without a readable state is incomplete.
    """
    here, key = folder(spec), _key(spec)
    if not (here / _KEY).is_file() or (here / _KEY).read_text() != key:
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir(parents=True)
        (here / _KEY).write_text(key)
    whole = {step: path for path in here.glob("checkpoint-*") if (step := _step(path))}
    for path in here.glob("checkpoint-*"):
        if path not in whole.values():
            shutil.rmtree(path)
    return whole[max(whole)] if whole else None


def step_of(checkpoint: Path | None) -> int:
    """Return the number of steps of a checkpoint; 0 without one."""
    return _step(checkpoint) if checkpoint else 0


def _step(checkpoint: Path) -> int:
    try:
        return int(json.loads((checkpoint / _LAST_WRITTEN).read_text())["global_step"])
    except (OSError, ValueError, KeyError):
        return 0


def _key(spec: TrainSpec) -> str:
    decides = [
        spec.method,
        spec.params.used(),
        spec.seed,
        spec.threads,
        ranks.count(),
        spec.system_message,
        str(spec.base_dir),
        str(spec.adapter_parent),
        manifest_sha256(spec.release_dir),
        [version(library) for library in _LIBRARIES],
    ]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
