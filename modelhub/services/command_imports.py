"""Imports from the command line: the same job as those of pages and programs, run here.

The file is copied first, so that a worker can continue the import if this process is killed.
"""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from codesign.jobs.services.working import run_to_end
from codesign.shared.actors import Actor
from codesign.studies.models import Study
from codesign.studies.permissions import require
from modelhub.models import Upload
from modelhub.permissions import IMPORT
from modelhub.queries.uploads import path_of
from modelhub.rules.import_choices import Options
from modelhub.rules.states import UploadState
from modelhub.services.file_rows import BLOCK
from modelhub.services.import_options import reading_for
from modelhub.services.upload_files import store
from modelhub.services.uploads import received


def import_here(
    *,
    actor: Actor,
    study: Study,
    path: Path,
    skip_bad: bool = False,
    options: Options | None = None,
) -> Upload:
    """Import a file in this process; return the import once it has ended.

    Raises a refusal if the file cannot be read at all.
    """
    require(actor, IMPORT, study)
    upload = Upload(
        study=study,
        requested_by_id=actor.user_id,
        name=path.name[:120],
        suffix=path.suffix.lower(),
        state=UploadState.CONFIRMED,
        skip_bad=skip_bad,
    )
    with reading_for(study=study, path=path, options=options) as (rows, used):
        upload.total, upload.options = rows.total, used.plain()
    copy = path_of(upload=upload)
    try:
        with path.open("rb") as file:
            store(chunks=iter(lambda: file.read(BLOCK), b""), path=copy)
        with transaction.atomic():
            upload.save(force_insert=True)
            job = received(actor=actor, upload=upload, here=True)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    run_to_end(actor=actor, job=job)
    upload.refresh_from_db()
    return upload
