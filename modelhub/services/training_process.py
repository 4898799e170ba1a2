"""Running one training run: a process of its own, watched, told to stop, and read at its end.

The process writes to its folder alone (`modelhub.engine`); whoever watches it writes the rows. So
a worker that dies takes nothing with it: the run's heartbeat goes stale, and it is done again.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from codesign.shared.processes import die_with_parent, machine_memory_mb
from modelhub.engine.errors import EngineError
from modelhub.engine.progress import read_progress, read_result
from modelhub.engine.weights import EMBEDDED_NAME, ensure_embedded
from modelhub.models import ModelVersion, TrainingRun
from modelhub.rules.states import ModelKind, TrainingState
from modelhub.services import training

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 1.0
MOST_LOGGED = 8_000  # characters
NICE = 15  # pages come first


def run_training(*, run_id: uuid.UUID) -> None:
    """Claim a waiting run, see it through, and write how it ended."""
    run = training.claim(run_id=run_id)
    if run is None:
        return
    folder = settings.MODELS_DIR / "adapters" / str(run.id)
    folder.mkdir(parents=True, exist_ok=True)  # it may hold the checkpoints of a killed process
    try:
        (folder / "spec.json").write_text(json.dumps(spec_of(run=run, folder=folder), indent=2))
    except EngineError as error:
        training.end_without_model(run_id=run.id, state=TrainingState.FAILED, error=str(error))
        return
    with (folder / "stderr.log").open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "modelhub.engine.train", str(folder / "spec.json")],
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            preexec_fn=die_with_parent(signal.SIGKILL, niceness=NICE),
        )
    try:
        _watch(run, process, folder)
    finally:
        if process.poll() is None:  # watching failed: nobody would read what it does
            process.kill()
        process.wait()
    _write_end(run, folder, read_result(folder, process.returncode))


def spec_of(*, run: TrainingRun, folder: Path) -> dict[str, Any]:
    """What the process is told; every key stands in `modelhub.engine.spec`."""
    parent = run.base if run.base.kind == ModelKind.ADAPTER else None
    return {
        "method": run.method,
        "base_dir": str(ensure_embedded(settings.MODELS_DIR)),
        "adapter_parent": str(settings.MODELS_DIR / parent.path) if parent else None,
        "release_dir": str(settings.RELEASES_DIR / str(run.release_id)),
        "output_dir": str(folder),
        "params": run.params,
        "seed": run.seed,
        "system_message": run.system_message,
        "threads": settings.MODEL_THREADS or 2,
        "memory_limit_mb": settings.TRAINING_MEMORY_MB or machine_memory_mb(),
        "base_name": run.base.name if parent else EMBEDDED_NAME,
        "release_name": f"{run.study.slug}, release {run.release.number}",
    }


def _watch(run: TrainingRun, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Copy progress to the row until the process ends; pass a wish to stop on to it, once."""
    told = False
    while process.poll() is None:
        time.sleep(LOOK_EVERY_SECONDS)
        go_on = training.note_progress(run_id=run.id, **summary_of(events=read_progress(folder)))
        if not go_on and not told:
            process.terminate()
            told = True
    training.note_progress(run_id=run.id, **summary_of(events=read_progress(folder)))


def summary_of(*, events: list[dict[str, Any]]) -> dict[str, Any]:
    """step, steps, seconds_left and the loss curve of what the process wrote."""
    steps = [event for event in events if event.get("step") is not None]
    last = steps[-1] if steps else {}
    left = last.get("eta_s")
    return {
        "step": int(last.get("step", 0)),
        "steps": int(last.get("total", 0)),
        "seconds_left": None if left is None else round(left),
        "losses": [
            {"step": event["step"], "loss": event["loss"]}
            for event in steps
            if event.get("loss") is not None
        ],
    }


def _last_words(folder: Path) -> str:
    """The end of what the process wrote where a person reads nothing."""
    with suppress(OSError):
        return (folder / "stderr.log").read_text(errors="replace")[-MOST_LOGGED:].strip()
    return ""


def _write_end(run: TrainingRun, folder: Path, result: dict[str, Any]) -> ModelVersion | None:
    if result["state"] == "done":
        made = training.finish(
            run_id=run.id,
            path=f"adapters/{run.id}/adapter",
            sha256=result["sha256"],
            metrics=result.get("metrics", {}),
        )
        if made is None:
            shutil.rmtree(folder / "adapter", ignore_errors=True)
        return made
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    if said := _last_words(folder):
        log.warning("training run %s ended, and its process said:\n%s", run.id, said)
    state = TrainingState.CANCELLED if result["state"] == "cancelled" else TrainingState.FAILED
    training.end_without_model(run_id=run.id, state=state, error=result.get("error") or "")
    return None
