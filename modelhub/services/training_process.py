"""Running one training run: a process of its own, watched, told to stop, and read at its end.

The process writes to its folder alone (`modelhub.engine`); the worker that watches it writes the
rows. A worker that dies takes the process with it; the next one resumes from its checkpoints.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.jobs.registry import Failed, Kind, Retry, register
from codesign.jobs.services.pulse import Stopped
from codesign.jobs.services.working import Work
from codesign.shared import disk_space
from codesign.shared.errors import DATABASE_AWAY
from codesign.shared.processes import die_with_parent, machine_memory_mb
from modelhub.engine.errors import EngineError
from modelhub.engine.progress import Exit, read_progress, read_result
from modelhub.engine.weights import EMBEDDED_NAME, ensure_embedded
from modelhub.models import TrainingRun
from modelhub.permissions import SEE_MODELS
from modelhub.queries import training as queries
from modelhub.rules.states import ModelKind
from modelhub.services import training

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 1.0
AGAIN_SECONDS = 15
MOST_LOGGED = 8_000  # characters
NICE = 15  # pages come first


def _train(work: Work) -> None:
    """See a run through, and keep what came of it."""
    run = queries.run_for_worker(run_id=work.job.subject_id)
    training.refuse_release(run=run)
    if disk_space.is_full(settings.MODELS_DIR):
        raise Retry(disk_space.SENTENCE, seconds=AGAIN_SECONDS)
    folder = settings.MODELS_DIR / "adapters" / str(run.id)
    folder.mkdir(parents=True, exist_ok=True)  # it may hold the checkpoints of a killed process
    try:
        (folder / "spec.json").write_text(json.dumps(spec_of(run=run, folder=folder), indent=2))
    except EngineError as error:
        raise Failed(str(error)) from error
    try:
        returncode = _run_process(work, folder)
        _keep(work, run, folder, returncode)
    except Failed:
        _clear(folder)
        raise
    except Stopped:
        with suppress(*DATABASE_AWAY):
            work.job.refresh_from_db()
            if work.job.cancel_requested_at:  # otherwise another worker resumes
                _clear(folder)
        raise


def _clear(folder: Path) -> None:
    for left in ("checkpoints", "adapter"):
        shutil.rmtree(folder / left, ignore_errors=True)


def _run_process(work: Work, folder: Path) -> int:
    """Train in a process, and watch it until it ends; its exit code."""
    with (folder / "stderr.log").open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "modelhub.engine.train", str(folder / "spec.json")],
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            preexec_fn=die_with_parent(signal.SIGKILL, niceness=NICE),
        )
    try:
        while process.poll() is None:
            time.sleep(LOOK_EVERY_SECONDS)
            _report(work, folder)
        _report(work, folder)
    except (Stopped, Failed):
        process.terminate()  # it stops at its next step, and keeps its checkpoints
        process.wait()
        raise
    finally:
        if process.poll() is None:  # watching failed: nobody would read what it does
            process.kill()
        process.wait()
    return process.returncode


def _report(work: Work, folder: Path) -> None:
    """Copy progress from the folder; raises where the process should stop."""
    summary = summary_of(events=read_progress(folder))
    work.progress(summary["step"], summary["steps"])
    training.note_losses(work=work, losses=summary["losses"])


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


def summary_of(*, events: list[dict[str, Any]]) -> dict[str, Any]:
    """step, steps and the loss curve of what the process wrote."""
    steps = [event for event in events if event.get("step") is not None]
    last = steps[-1] if steps else {}
    return {
        "step": int(last.get("step", 0)),
        "steps": int(last.get("total", 0)),
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


def _keep(work: Work, run: TrainingRun, folder: Path, returncode: int) -> None:
    """Keep the model that the process made, or raise the reason why there is none."""
    if returncode == Exit.NO_ROOM:
        raise Retry(disk_space.SENTENCE, seconds=AGAIN_SECONDS)
    if returncode == Exit.BUSY:
        raise Retry(_("The process of an earlier worker is still at it."), seconds=AGAIN_SECONDS)
    result = read_result(folder, returncode)
    if result["state"] == "done":
        training.finish(
            work=work,
            path=f"adapters/{run.id}/adapter",
            sha256=result["sha256"],
            metrics=result.get("metrics", {}),
        )
        return
    if said := _last_words(folder):
        log.warning("training run %s ended, and its process said:\n%s", run.id, said)
    raise Failed(result.get("error") or "")


KIND = register(
    Kind(
        name=queries.KIND,
        task="modelhub.tasks.train",
        queue="training",
        time_limit=5 * 3600,
        run=_train,
        moved=lambda move: training.follow(move=move),
        words=gettext_lazy("training run"),
        unit=gettext_lazy("steps"),
        permission=SEE_MODELS,
        page="modelhub:training-run",
    )
)
