"""`python -m modelhub.engine.train SPEC.json`: one training run in a separate process.

The process is separate because training needs much memory and time, must be stoppable, and must
not crash a worker. It reports through files (see `progress`) and its exit code. It stops after the
current step on SIGTERM or SIGINT, and if its parent process ends. The same spec, files, library
versions and number of threads give the same adapter, byte for byte, even if the run was killed and
resumed (see `checkpoints`).
"""

import errno
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from modelhub.engine import checkpoints, model_card, ranks
from modelhub.engine.errors import BadSpec, Cancelled, EngineError
from modelhub.engine.libraries import prepare, quiet, set_threads
from modelhub.engine.methods import METHODS, Job, load_for_training
from modelhub.engine.precision import Precision
from modelhub.engine.progress import (
    NO_ROOM,
    RESULT,
    Exit,
    Progress,
    Silent,
    keep_steps,
    write_result,
)
from modelhub.engine.records import (
    Records,
    Validation,
    load_records,
    load_validation,
    manifest_sha256,
)
from modelhub.engine.spec import TrainSpec, parse_spec, read_spec
from modelhub.engine.watch import STOPPED, make_watcher, scores_of
from modelhub.engine.weights import exclusive, sha256_of_file, sha256_of_folder

_MB = 1024 * 1024
_NO_MEMORY = "There was not enough memory. Try a smaller batch or shorter records."
_UNEXPECTED = "An unexpected error stopped the training. The server's log has the details."
_ROOM_WORDS = ("no space left on device", "disk quota exceeded", "failed writing file")


@dataclass(frozen=True)
class Before:
    """The last checkpoint of a killed process of the same run, and the events until then."""

    checkpoint: Path | None
    events: list[dict[str, Any]]


def main(arguments: list[str]) -> int:
    """Run the spec named by the one argument; return an `Exit`."""
    cancel = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: cancel.set())
    if len(arguments) != 1:
        print("usage: python -m modelhub.engine.train SPEC.json", file=sys.stderr)  # noqa: T201
        return Exit.BAD_SPEC
    raw: dict[str, Any] = {}
    try:
        raw = read_spec(Path(arguments[0]))
        spec = parse_spec(raw)
    except BadSpec as error:
        return _refuse(raw, error)
    spec.output_dir.mkdir(parents=True, exist_ok=True)
    if ranks.rank():
        return _assist(spec, cancel)
    try:
        with exclusive(spec.output_dir / ".lock", wait=False):
            return _run_locked(spec, cancel)
    except BlockingIOError:
        return Exit.BUSY
    except OSError as error:
        if not is_out_of_room(error):
            raise
        return Exit.NO_ROOM  # not even the result could be written


def _refuse(raw: dict[str, Any], error: BadSpec) -> int:
    print(error, file=sys.stderr)  # noqa: T201
    if isinstance(raw.get("output_dir"), str) and raw["output_dir"]:
        folder = Path(raw["output_dir"])
        folder.mkdir(parents=True, exist_ok=True)
        write_result(folder, {"state": "failed", "error": str(error), "problems": error.problems})
    return Exit.BAD_SPEC


def _run_locked(spec: TrainSpec, cancel: threading.Event) -> int:
    """Train while the output folder is locked, and write the result."""
    (spec.output_dir / RESULT).unlink(missing_ok=True)
    checkpoint = checkpoints.newest(spec)
    kept = keep_steps(spec.output_dir, until=checkpoints.step_of(checkpoint))
    before = Before(checkpoint, kept)
    for leftover in [spec.adapter_dir, *spec.output_dir.glob(".scratch-*")]:
        shutil.rmtree(leftover, ignore_errors=True)
    _limit(spec)
    with (
        Progress(spec.output_dir, orphaned=cancel.set) as progress,
        tempfile.TemporaryDirectory(prefix=".scratch-", dir=spec.output_dir) as scratch,
    ):
        progress.append("start", method=spec.method, seed=spec.seed, pid=os.getpid())
        ranks.meet()
        code, result = _outcome(spec, progress, cancel, Path(scratch), before)
        if code not in (Exit.CANCELLED, Exit.NO_ROOM):  # these runs can be resumed
            shutil.rmtree(checkpoints.folder(spec), ignore_errors=True)
        write_result(spec.output_dir, result)
        progress.append("end", state=result["state"])
    return code


def _limit(spec: TrainSpec) -> None:
    """Lower the priority of this process and limit its memory."""
    os.nice(spec.nice)
    if spec.memory_limit_mb is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (spec.memory_limit_mb * _MB,) * 2)


def _assist(spec: TrainSpec, cancel: threading.Event) -> int:
    """Train together with the process of rank 0, which has prepared the folder."""
    _limit(spec)
    ranks.meet()
    before = Before(checkpoints.newest(spec), [])
    with (
        Silent(spec.output_dir, orphaned=cancel.set) as progress,
        tempfile.TemporaryDirectory(prefix=".scratch-", dir=spec.output_dir) as scratch,
    ):
        return _outcome(spec, progress, cancel, Path(scratch), before)[0]


def _outcome(
    spec: TrainSpec, progress: Progress, cancel: threading.Event, scratch: Path, before: Before
) -> tuple[Exit, dict[str, Any]]:
    """Train, and return the exit code and the result, also after any error."""
    try:
        return Exit.DONE, {"state": "done", **train(spec, progress, cancel, scratch, before)}
    except Cancelled as error:
        return Exit.CANCELLED, {"state": "cancelled", "error": str(error)}
    except EngineError as error:
        return Exit.FAILED, {"state": "failed", "error": str(error)}
    except Exception as error:
        traceback.print_exc()  # only to the log, since it may include texts and paths
        if is_out_of_memory(error):
            return Exit.OUT_OF_MEMORY, {"state": "failed", "error": _NO_MEMORY}
        if is_out_of_room(error):
            return Exit.NO_ROOM, {"state": "failed", "error": NO_ROOM}
        return Exit.FAILED, {"state": "failed", "error": _UNEXPECTED}


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out: a MemoryError, or a message of torch's allocator or threads.

    A thread that cannot start found no memory for its stack.
    """
    message = str(error).lower()
    return isinstance(error, MemoryError) or any(
        words in message
        for words in (
            "can't allocate memory",
            "cannot allocate memory",
            "out of memory",
            "bad_alloc",
            "can't start new thread",
        )
    )


def is_out_of_room(error: BaseException) -> bool:
    """Return whether the disk was full: an OSError, or a message of torch or safetensors."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return any(words in str(error).lower() for words in _ROOM_WORDS)


def train(
    spec: TrainSpec, progress: Progress, cancel: threading.Event, scratch: Path, before: Before
) -> dict[str, Any]:
    """Load, train and save; return the content of the result. Raises EngineError or Cancelled."""
    began, cache = time.monotonic(), scratch / "datasets"
    prepare()
    os.environ["HF_DATASETS_CACHE"] = str(cache)
    threads = set_threads(spec.threads // ranks.count())
    with quiet():
        progress.append("phase", phase="reading")
        model, tokenizer, precision = load_for_training(spec)
        records = load_records(spec, tokenizer, cache)
        validation = load_validation(spec, tokenizer, cache)
        _stop_if(cancel)
        progress.append("phase", phase="training", records=len(records.dataset))
        watcher = make_watcher(
            progress, cancel, before.events, method=spec.method, measures=validation is not None
        )
        job = Job(
            spec,
            model,
            tokenizer,
            precision,
            dataset=records.dataset,
            curve=validation and validation.curve,
            callbacks=[watcher],
            checkpoints=checkpoints.folder(spec),
            resumed=before.checkpoint is not None,
        )
        trainer = _trained(job, records, before)
        _stop_if(cancel)
        scores = _validate(trainer, validation, watcher, progress)
        metrics = _metrics(watcher.steps, records, threads, time.monotonic() - began)
        metrics |= {"batch": _batch(spec), "validation": scores}
        if ranks.rank():
            return {"metrics": metrics}
        _save(trainer.model, _facts(spec, records, threads, scores, precision), scratch)
    (scratch / "adapter").rename(spec.adapter_dir)
    return {
        "adapter": str(spec.adapter_dir),
        "sha256": sha256_of_folder(spec.adapter_dir),
        "weights_sha256": sha256_of_file(spec.adapter_dir / "adapter_model.safetensors"),
        "metrics": metrics,
    }


def _trained(job: Job, records: Records, before: Before) -> Any:
    """Train, and return the library's trainer with the trained model."""
    from transformers import PrinterCallback

    trainer = METHODS[job.spec.method](job)
    trainer.remove_callback(PrinterCallback)  # prints every step a second time
    records.count_dropped(trainer.train_dataset)
    trainer.train(resume_from_checkpoint=before.checkpoint and str(before.checkpoint))
    return trainer


def _batch(spec: TrainSpec) -> int:
    """Return the number of records of a step."""
    return spec.params.batch_size * spec.params.gradient_accumulation * ranks.count()


def _validate(
    trainer: Any, validation: Validation | None, watcher: Any, progress: Progress
) -> dict[str, Any] | None:
    """Return the scores on validation records and their number; None without records.

    If all of them were measured after the last step already, they are not measured again.
    """
    if validation is None:
        return None
    step = trainer.state.global_step
    scores = watcher.scores.get(step)
    if scores is None or len(validation.curve) < validation.records:
        progress.append("phase", phase="validating", records=validation.records)
        measured = trainer.evaluate(validation.dataset)
        scores = scores_of(measured, method=watcher.method, step=step)
    return {
        "records": validation.records,
        "of": validation.of,
        "on_curve": len(validation.curve),
        "scores": scores,
    }


def _stop_if(cancel: threading.Event) -> None:
    if ranks.any_of(cancel.is_set()):
        raise Cancelled(STOPPED)


def _save(model: Any, facts: model_card.CardFacts, scratch: Path) -> None:
    """Write the adapter: its weights, its settings in a fixed order, and the model card."""
    target = scratch / "adapter"
    settings = model.peft_config["default"]
    settings.base_model_name_or_path = facts.base_name  # instead of a local path
    settings.revision = facts.base_revision or None
    settings.target_modules = sorted(settings.target_modules)  # a set has no fixed order
    model.save_pretrained(target, selected_adapters=["default"], save_embedding_layers=False)
    (target / "README.md").write_text(model_card.render(replace(facts, lora_r=int(settings.r))))


def _facts(
    spec: TrainSpec,
    records: Records,
    threads: int,
    validation: dict[str, Any] | None,
    precision: Precision,
) -> model_card.CardFacts:
    import peft
    import torch
    import transformers
    import trl

    libraries = (torch, transformers, trl, peft)
    parent = spec.adapter_parent
    return model_card.CardFacts(
        method=spec.method,
        base_name=spec.base_name or spec.base_dir.name,
        base_revision=spec.base_revision,
        parent_name=spec.parent_name,
        base_sha256=", ".join(map(sha256_of_file, sorted(spec.base_dir.glob("*.safetensors")))),
        parent_sha256="" if parent is None else sha256_of_folder(parent),
        release_name=spec.release_name or spec.release_dir.name,
        release_sha256=manifest_sha256(spec.release_dir),
        records=len(records.dataset),
        left_out=dict(records.left_out),
        params=spec.params.used(),
        seed=spec.seed,
        threads=threads,
        processes=ranks.count(),
        precision=str(precision),
        system_message=spec.system_message,
        validation=validation,
        versions={library.__name__: library.__version__ for library in libraries},
    )


def _metrics(
    steps: list[dict[str, Any]], records: Records, threads: int, seconds: float
) -> dict[str, Any]:
    losses = [step["loss"] for step in steps]
    return {
        "steps": len(steps),
        "records": len(records.dataset),
        "left_out": dict(records.left_out),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "mean_loss": sum(losses) / len(losses),
        "threads": threads,
        "seconds": round(seconds, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
