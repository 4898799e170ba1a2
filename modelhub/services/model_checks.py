"""A worker's side of registering a model: check it, in a process with limits or over the network.

Files from outside are read by a separate process (decision 21), which ends with this worker.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codesign.jobs.registry import Change, Failed, Kind, register
from codesign.jobs.services.pulse import Stopped
from codesign.jobs.services.working import Work
from codesign.shared import disk_space
from codesign.shared.processes import die_with_parent, machine_memory_mb
from modelhub.engine.errors import EngineError
from modelhub.engine.progress import RESULT, Exit, read_progress, read_result
from modelhub.engine.server_answers import Server
from modelhub.models import ModelVersion
from modelhub.permissions import REGISTER_MODEL, SEE_MODELS
from modelhub.queries.versions import CHECK, version_of
from modelhub.rules.registering import server_allowed, server_key_problem
from modelhub.rules.states import ModelKind
from modelhub.services import registering
from modelhub.services.weights import is_trained_here, weights_of

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 0.5
NICE = 15  # so that pages stay fast
MOST_LOGGED = 8_000  # characters
WHOLE = 100  # percent


def server_of(*, version: ModelVersion) -> Server:
    """Return where a model is served, with the key from the environment.

    Raises Failed if the operator does not allow the server or its key (any more), or the key is not
    set.
    """
    if not server_allowed(version.location, settings.MODEL_SERVERS):
        raise Failed(
            _(
                "The operator of this site does not allow the server %(address)s. Ask them to add "
                "it to CODESIGN_MODEL_SERVERS."
            )
            % {"address": version.location}
        )
    if problem := server_key_problem(
        version.location, version.key_variable, settings.MODEL_SERVERS
    ):
        raise Failed(problem)
    key = settings.MODEL_KEYS.get(version.key_variable, "")
    if version.key_variable and not key:
        raise Failed(
            _("The variable %(name)s is not set where the workers run. An operator has to set it.")
            % {"name": version.key_variable}
        )
    return Server(
        address=version.location,
        model=version.served_name,
        key=key,
        answers_as=version.facts.get("answers_as", ""),
        says_to_sample=version.facts.get("says_to_sample", False),
    )


def _check(work: Work) -> None:
    """Check a registered model, and make it ready; raises Failed with what is wrong."""
    version = version_of(version_id=work.job.subject_id)
    work.progress(0, WHOLE)
    try:
        if version.kind == ModelKind.SERVER:
            found = _served(work, version)
        else:
            found = _on_this_machine(work, version)
    except EngineError as error:
        raise Failed(str(error)) from error
    work.progress(WHOLE, WHOLE)
    registering.accept(work=work, found=found)


def _served(work: Work, version: ModelVersion) -> dict[str, Any]:
    from modelhub.engine.server import check_server

    return {"facts": check_server(server_of(version=version), work.check)}


def _on_this_machine(work: Work, version: ModelVersion) -> dict[str, Any]:
    if disk_space.is_full(settings.MODELS_DIR):
        raise Failed(str(disk_space.SENTENCE))
    folder = settings.MODELS_DIR / "registered" / str(version.id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT).unlink(missing_ok=True)  # of an earlier worker
    (folder / "spec.json").write_text(json.dumps(_spec(version, folder), indent=2))
    try:
        returncode = _run_process(work, folder)
        result = read_result(folder, returncode)
        if result["state"] != "done":
            _log_errors(version, folder)
            raise Failed(_sentence(result, returncode))
        _refuse_copy(version, Path(result["path"]))
    except (Failed, Stopped):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    facts = result["facts"]
    named = facts.pop("licence")
    return {
        "path": _relative(Path(result["path"])),
        "sha256": result["sha256"],
        "revision": result["revision"] or version.revision,
        "licence": version.licence or named,
        "facts": facts,
    }


def _refuse_copy(version: ModelVersion, folder: Path) -> None:
    """Raise Failed if an adapter is a copy of a model that was trained here."""
    if version.kind == ModelKind.ADAPTER and is_trained_here(adapter=folder):
        raise Failed(_("This model is here already: it was trained here. Choose that one instead."))


def _spec(version: ModelVersion, folder: Path) -> dict[str, Any]:
    """Return the input of the process. `modelhub.engine.register` documents the keys."""
    return {
        "kind": version.kind,
        "location": version.location,
        "revision": version.revision,
        "base": str(weights_of(version=version.parent).base) if version.parent else "",
        "target": str(folder / "model"),
        "memory_limit_mb": settings.TRAINING_MEMORY_MB or machine_memory_mb(),
    }


def _run_process(work: Work, folder: Path) -> int:
    """Run the check in a process, pass on its progress, and return its exit code."""
    with (folder / "stderr.log").open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "modelhub.engine.register", str(folder)],
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=_without_secrets(),
            preexec_fn=die_with_parent(signal.SIGKILL, niceness=NICE),
        )
    try:
        while process.poll() is None:
            time.sleep(LOOK_EVERY_SECONDS)
            percents = [event["percent"] for event in read_progress(folder) if "percent" in event]
            work.progress(max(percents, default=0), WHOLE)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    return process.returncode


def _without_secrets() -> dict[str, str]:
    """Return the environment for a process that reads files from outside: Hub, paths, locale."""
    kept = ("HF_", "PATH", "HOME", "LANG", "LC_", "TMPDIR", "PYTHON", "XDG_", "SSL_", "HTTP", "NO_")
    return {name: text for name, text in os.environ.items() if name.upper().startswith(kept)}


def _sentence(result: dict[str, Any], returncode: int) -> str:
    if "error" in result and returncode in (Exit.FAILED, Exit.OUT_OF_MEMORY):
        return str(result["error"])
    return _("The check stopped, probably because memory ran out. See the log of the worker.")


def _log_errors(version: ModelVersion, folder: Path) -> None:
    errors = (folder / "stderr.log").read_text(errors="replace")[-MOST_LOGGED:].strip()
    if errors:
        log.warning("the check of model %s wrote:\n%s", version.id, errors)


def _relative(path: Path) -> str:
    """Return a path below the models folder relative to it, and another one as it is."""
    models = Path(settings.MODELS_DIR)
    return str(path.relative_to(models) if path.is_relative_to(models) else path)


KIND = register(
    Kind(
        name=CHECK,
        task="modelhub.tasks.check_model",
        queue="generation",
        time_limit=6 * 3600,
        run=_check,
        moved=lambda move: registering.follow(move=move),
        words=gettext_lazy("check of a model"),
        unit=gettext_lazy("percent"),
        permission=SEE_MODELS,
        cancel=Change(
            REGISTER_MODEL,
            lambda actor, job: registering.cancel_check(
                actor=actor, version=version_of(version_id=job.subject_id)
            ),
        ),
        page="modelhub:model",
    )
)
