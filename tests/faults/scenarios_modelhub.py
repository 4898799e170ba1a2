"""Imports, generation and training for the fault suite."""

from __future__ import annotations

import json

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from annotations.models import Prompt, Response
from codesign.jobs.models import Job
from codesign.jobs.queries import job_about
from codesign.shared.actors import SYSTEM
from modelhub.models import ModelVersion
from modelhub.queries import generation, training
from modelhub.queries import uploads as imports
from modelhub.rules.generation import Settings
from modelhub.services import uploads
from modelhub.services.generation import start_run
from modelhub.services.training import request_training
from modelhub.services.versions import ensure_embedded_model
from tests.factories.modelhub import add_prompts, frozen_release
from tests.factories.studies import StudyFactory
from tests.support import jobs
from tests.support.engine_release import pair, write_release
from tests.support.job_scenarios import Scenario

ROWS = 30_000
TEXTS = ["I can't sleep.", "I feel low today.", "My mother is ill.", "Is it me or is it work?"]


def _import() -> Job:
    """A file that was checked and confirmed."""
    lines = (json.dumps({"prompt": f"Worry number {n}."}) for n in range(ROWS))
    file = SimpleUploadedFile("prompts.jsonl", "\n".join(lines).encode())
    upload = uploads.receive(actor=SYSTEM, study=StudyFactory.create(), file=file)
    jobs.run(imports.KIND, upload.id)
    upload.refresh_from_db()
    uploads.confirm(actor=SYSTEM, upload=upload)
    return imports.job_of(upload=upload)


def _generation() -> Job:
    study = StudyFactory.create()
    run = start_run(
        actor=SYSTEM,
        study=study,
        version=ensure_embedded_model(),
        settings=Settings(batch_size=2, max_new_tokens=32, seed=5),
        prompts=add_prompts(study, *TEXTS),
    )
    return job_about(kind=generation.KIND, subject_id=run.id)


def _training() -> Job:
    """A run of some minutes, whose release lies in `RELEASES_DIR`."""
    study = StudyFactory.create()
    run = request_training(
        actor=SYSTEM,
        release=frozen_release(study),
        base=ensure_embedded_model(),
        method="dpo",
        params={"max_steps": 8, "batch_size": 2},
    )
    pairs = [pair(number) for number in range(4)]
    write_release(settings.RELEASES_DIR / str(run.release_id), preference={"train": pairs})
    return job_about(kind=training.KIND, subject_id=run.id)


SCENARIOS = [
    Scenario(
        kind=imports.KIND,
        start=_import,
        kept=lambda job: Prompt.objects.filter(study_id=job.study_id).count(),
        whole=ROWS,
    ),
    Scenario(
        kind=generation.KIND,
        start=_generation,
        kept=lambda job: Response.objects.filter(prompt__study_id=job.study_id).count(),
        whole=2 * len(TEXTS),
        all_or_nothing=False,
    ),
    Scenario(
        kind=training.KIND,
        start=_training,
        kept=lambda job: ModelVersion.objects.filter(training_run=job.subject_id).count(),
        whole=1,
    ),
]
"""The last two need the converted model in `MODELS_DIR`; training takes minutes."""
