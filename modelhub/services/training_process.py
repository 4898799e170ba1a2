"""Runs one training run in a separate process, which a worker watches and can stop.

The process only writes to its folder (`modelhub.engine`); the worker writes to the database. If
the worker dies, the process ends too, and the next worker resumes from the checkpoints.
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

from codesign.jobs.registry import Change, Failed, Kind, Retry, register
from codesign.jobs.services.pulse import Stopped
from codesign.jobs.services.working import Work
from codesign.shared import disk_space
from codesign.shared.errors import DATABASE_AWAY, Refusal
from codesign.shared.processes import die_with_parent, machine_memory_mb
from modelhub.engine.errors import EngineError
from modelhub.engine.progress import Exit, read_progress, read_result
from modelhub.models import TrainingRun
from modelhub.permissions import SEE_MODELS, TRAIN
from modelhub.queries import training as queries
from modelhub.queries.lineage import origin_of
from modelhub.queries.versions import base_of
from modelhub.services import training
from modelhub.services.weights import weights_of

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 1.0
AGAIN_SECONDS = 15
MOST_LOGGED = 8_000  # characters
NICE = 15  # so that pages stay fast


def _train(work: Work) -> None:
    """Train until the run ends, and save its result."""
    run = queries.run_for_worker(run_id=work.job.subject_id)
    training.refuse_release(run=run)
    if disk_space.is_full(settings.MODELS_DIR):
        raise Retry(disk_space.SENTENCE, seconds=AGAIN_SECONDS)
    folder = settings.MODELS_DIR / "adapters" / str(run.id)
    folder.mkdir(parents=True, exist_ok=True)  # may hold checkpoints of a killed process
    try:
        (folder / "spec.json").write_text(json.dumps(spec_of(run=run, folder=folder), indent=2))
    except (EngineError, Refusal) as error:
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
    for leftover in ("checkpoints", "adapter"):
        shutil.rmtree(folder / leftover, ignore_errors=True)


def _run_process(work: Work, folder: Path) -> int:
    """Train in a process, watch it until it ends, and return its exit code."""
    with (folder / "stderr.log").open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603
            [*launcher(processes=settings.TRAINING_PROCESSES), str(folder / "spec.json")],
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
        process.terminate()  # it stops after its current step and keeps its checkpoints
        process.wait()
        raise
    finally:
        if process.poll() is None:  # an error in this process: nothing would save the result
            process.kill()
        process.wait()
    return process.returncode


def launcher(*, processes: int) -> list[str]:
    """Return the command that trains, in one process or in several that share each step.

    `accelerate launch` calls the same module for several GPUs, but starts one process on CPUs.
    """
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *(several if processes > 1 else []), "-m", "modelhub.engine.train"]


def _report(work: Work, folder: Path) -> None:
    """Save the progress from the folder; raises Stopped or Failed if the process should stop."""
    summary = summary_of(events=read_progress(folder))
    work.progress(summary["step"], summary["steps"])
    training.note_curves(work=work, losses=summary["losses"], measurements=summary["measurements"])


def spec_of(*, run: TrainingRun, folder: Path) -> dict[str, Any]:
    """Return the input of the process. `modelhub.engine.spec` documents the keys."""
    weights = weights_of(version=run.base)
    origin = origin_of(base_of(run.base))
    return {
        "method": run.method,
        "base_dir": str(weights.base),
        "adapter_parent": str(weights.adapter) if weights.adapter else None,
        "release_dir": str(settings.RELEASES_DIR / str(run.release_id)),
        "output_dir": str(folder),
        "params": run.params,
        "seed": run.seed,
        "system_message": run.system_message,
        "threads": settings.MODEL_THREADS or 2,
        "memory_limit_mb": settings.TRAINING_MEMORY_MB or machine_memory_mb(),
        "base_name": origin.name,
        "base_revision": origin.revision,
        "parent_name": run.base.name if weights.adapter else "",
        "release_name": f"{run.study.slug}, release {run.release.number}",
    }


def summary_of(*, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the step, the number of steps and the curves from the events of the process."""
    steps = [event for event in events if event["event"] == "step"]
    last = steps[-1] if steps else {}
    return {
        "step": int(last.get("step", 0)),
        "steps": int(last.get("total", 0)),
        "losses": [{"step": event["step"], "loss": event["loss"]} for event in steps],
        "measurements": [
            {"step": event["step"], **event["scores"]}
            for event in events
            if event["event"] == "measurement"
        ],
    }


def _last_errors(folder: Path) -> str:
    """Return the end of the process's standard error, for the log."""
    with suppress(OSError):
        return (folder / "stderr.log").read_text(errors="replace")[-MOST_LOGGED:].strip()
    return ""


def _keep(work: Work, run: TrainingRun, folder: Path, returncode: int) -> None:
    """Save the model that the process made, or raise the reason why there is none."""
    if returncode == Exit.NO_ROOM:
        raise Retry(disk_space.SENTENCE, seconds=AGAIN_SECONDS)
    if returncode == Exit.BUSY:
        raise Retry(_("The process of an earlier worker is still running."), seconds=AGAIN_SECONDS)
    result = read_result(folder, returncode)
    if result["state"] == "done":
        training.finish(
            work=work,
            path=f"adapters/{run.id}/adapter",
            sha256=result["sha256"],
            metrics=result.get("metrics", {}),
        )
        return
    if errors := _last_errors(folder):
        log.warning("training run %s ended, and its process wrote:\n%s", run.id, errors)
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
        cancel=Change(
            TRAIN,
            lambda actor, job: training.cancel(
                actor=actor, run=queries.run_for_worker(run_id=job.subject_id)
            ),
        ),
        page="modelhub:training-run",
    )
)
