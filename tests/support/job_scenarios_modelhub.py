"""Jobs of modelhub: imports, adding waiting prompts, generation, training, checks of models."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from annotations.models import Prompt, Response, Task
from codesign.shared.actors import SYSTEM, Actor
from codesign.studies.rules import Role
from modelhub.engine.weights import ensure_embedded
from modelhub.models import ModelVersion, WaitingPrompt
from modelhub.queries import generation, training
from modelhub.queries import uploads as uploads_queries
from modelhub.queries import waiting_prompts as waiting_queries
from modelhub.queries.uploads import path_of
from modelhub.queries.versions import CHECK
from modelhub.rules.generation import Settings
from modelhub.rules.registering import Registration
from modelhub.rules.row_reading import rows_of
from modelhub.rules.states import ModelKind, ModelState
from modelhub.services import uploads
from modelhub.services.generation import start_run
from modelhub.services.imports import import_rows
from modelhub.services.registering import register_model
from modelhub.services.training import request_training
from modelhub.services.versions import ensure_embedded_model
from modelhub.services.waiting_prompts import BATCH, let_judge
from tests.factories.modelhub import add_prompts, frozen_release, open_round
from tests.factories.studies import CohortFactory, StudyFactory, staff
from tests.support import jobs
from tests.support.engine_release import pair, write_release
from tests.support.job_scenarios import Scenario
from tests.support.small_model import made_up_model

ROWS = 3_000
WAITING = BATCH + 10


def prompt_import() -> Scenario:
    """A file that was checked and confirmed."""
    lines = (json.dumps({"prompt": f"Worry number {n}."}) for n in range(ROWS))
    file = SimpleUploadedFile("prompts.jsonl", "\n".join(lines).encode())
    upload = uploads.receive(actor=SYSTEM, study=StudyFactory.create(), file=file)
    jobs.run(uploads_queries.KIND, upload.id)
    upload.refresh_from_db()
    uploads.confirm(actor=SYSTEM, upload=upload)

    def there() -> int:
        return Prompt.objects.filter(study=upload.study).count()

    return Scenario(
        upload.id,
        "annotations_prompt",
        lambda: there() == ROWS and not path_of(upload=upload).exists(),
        lambda: there() == 0 and not path_of(upload=upload).exists(),
    )


def generation_run() -> Scenario:
    """Two responses by the embedded model, in one chunk."""
    with_model()
    study = StudyFactory.create()
    run = start_run(
        actor=SYSTEM,
        study=study,
        version=ensure_embedded_model(),
        settings=Settings(max_new_tokens=16, seed=5),
        prompts=add_prompts(study, "I can't sleep."),
    )

    def written() -> int:
        return Response.objects.filter(prompt__study=study).count()

    return Scenario(
        run.id,
        "annotations_response",
        lambda: written() == 2,
        lambda: written() == 0,
        reports=False,
    )


def waiting_prompts() -> Scenario:
    """Prompts that an ML engineer imported, of which a coordinator wants tasks."""
    study = StudyFactory.create()
    round = open_round(CohortFactory.create(study=study))
    rows = [{"prompt": f"Worry number {n}.", "responses": ["a", "b"]} for n in range(WAITING)]
    engineer = Actor.of(staff(study, Role.ML_ENGINEER).user)
    import_rows(actor=engineer, study=study, rows=rows_of(rows))
    let_judge(actor=SYSTEM, study=study)

    def left() -> int:
        return WaitingPrompt.objects.filter(study=study).count()

    def tasks() -> int:
        return Task.objects.filter(round=round).count()

    return Scenario(
        round.id,
        "annotations_task",
        lambda: (tasks(), left()) == (WAITING, 0),
        lambda: tasks() + left() == WAITING,
    )


def training_run() -> Scenario:
    """Two steps on four pairs."""
    with_model()
    study = StudyFactory.create()
    run = request_training(
        actor=SYSTEM,
        release=frozen_release(study),
        base=ensure_embedded_model(),
        method="dpo",
        params={"max_steps": 2, "batch_size": 2},
    )
    pairs = [pair(number) for number in range(4)]
    write_release(Path(settings.RELEASES_DIR) / str(run.release_id), preference={"train": pairs})
    folder = Path(settings.MODELS_DIR) / "adapters" / str(run.id)

    def made() -> int:
        return ModelVersion.objects.filter(training_run=run).count()

    return Scenario(
        run.id,
        "modelhub_modelversion",
        lambda: made() == 1 and (folder / "adapter").is_dir(),
        lambda: made() == 0 and not (folder / "adapter").exists(),
    )


def model_check() -> Scenario:
    """A folder with a small model that was registered."""
    folder = Path(tempfile.mkdtemp(dir=settings.CODESIGN_HOME)) / "small"
    made_up_model(folder)
    version = register_model(
        actor=SYSTEM,
        study=StudyFactory.create(),
        wanted=Registration("small", ModelKind.FOLDER, str(folder)),
        any_folder=True,
    )
    left = Path(settings.MODELS_DIR) / "registered" / str(version.id)

    def is_ready() -> bool:
        version.refresh_from_db()
        return version.state == ModelState.READY

    return Scenario(
        version.id,
        "modelhub_modelversion",
        is_ready,
        lambda: not is_ready() and not left.exists(),
        columns="path",
    )


def with_model() -> None:
    """Link the converted model, which all test runs share, into this run's folder."""
    default = Path(tempfile.gettempdir()) / f"codesign-models-{os.getuid()}"
    model = ensure_embedded(Path(os.environ.get("CODESIGN_TEST_MODELS", default)))
    link = Path(settings.MODELS_DIR) / model.name
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(model)


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    uploads_queries.KIND: prompt_import,
    generation.KIND: generation_run,
    training.KIND: training_run,
    waiting_queries.KIND: waiting_prompts,
    CHECK: model_check,
}
