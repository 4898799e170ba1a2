"""Reading imports that a worker does."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from codesign.jobs.models import Job
from codesign.jobs.queries import Progress, job_about, progress_of
from codesign.shared.errors import NotFound
from modelhub.models import Upload
from modelhub.rules.states import UPLOAD_STATES, UploadState

UNDER_WAY = (
    UploadState.QUEUED,
    UploadState.CHECKING,
    UploadState.CONFIRMED,
    UploadState.IMPORTING,
)
KIND = "import"
"""The kind of the jobs that check and import files."""
UNCONFIRMED_AFTER = timedelta(days=7)


def uploads_of(*, study_id: uuid.UUID) -> QuerySet[Upload]:
    """The imports of a study, newest first, without what was in them."""
    found = Upload.objects.filter(study_id=study_id).order_by("-created_at", "id")
    return found.defer("problems", "first")


def upload_in(*, study_id: uuid.UUID, upload_id: uuid.UUID) -> Upload:
    """One import of a study that the caller was checked against; else NotFound."""
    found = Upload.objects.filter(study_id=study_id, id=upload_id).select_related("study")
    if (upload := found.first()) is None:
        raise NotFound("There is no such import for you.")
    return upload


def not_ended() -> list[uuid.UUID]:
    """Imports whose file is still needed."""
    return list(_open().values_list("id", flat=True))


def files_needed() -> list[Path]:
    """Where the files of imports that have not ended lie, of every study; for a backup."""
    return [path_of(upload=upload) for upload in _open().only("suffix").order_by("id")]


def path_of(*, upload: Upload) -> Path:
    """Where the file lies until the import has ended."""
    return Path(settings.UPLOADS_DIR) / f"{upload.id}{upload.suffix}"


def _open() -> QuerySet[Upload]:
    ended = [state for state in UploadState if not UPLOAD_STATES.table[state]]
    return Upload.objects.exclude(state__in=ended)


def unconfirmed() -> QuerySet[Upload]:
    """Files that a person was shown a week ago, and neither confirmed nor cancelled."""
    since = timezone.now() - UNCONFIRMED_AFTER
    return Upload.objects.filter(state=UploadState.CHECKED, checked_at__lt=since)


def job_of(*, upload: Upload) -> Job:
    """The job that checks it, or that imports it once it was confirmed."""
    return job_about(kind=KIND, subject_id=upload.id)


def how_far(*, upload: Upload) -> Progress:
    """How far its check or its import is."""
    return progress_of(job_of(upload=upload))


def percent(*, upload: Upload) -> int:
    """How much of it is done, once its progress is known; 100 once all of it is."""
    if upload.state == UploadState.DONE:
        return 100
    return min(99, int(100 * (upload.progress.share or 0)))
