"""Reads imports that run in the background."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from codesign.jobs.models import Job
from codesign.jobs.queries import Progress, job_about, progress_of
from codesign.shared.errors import NotFound
from modelhub.models import ImportMapping, Upload
from modelhub.rules.import_choices import NO_OPTIONS, Options, options_from
from modelhub.rules.states import UPLOAD_STATES, UploadState

UNDER_WAY = (
    UploadState.QUEUED,
    UploadState.CHECKING,
    UploadState.CONFIRMED,
    UploadState.IMPORTING,
)
KIND = "import"
"""The kind of job that checks and imports files."""
UNCONFIRMED_AFTER = timedelta(days=7)


def uploads_of(*, study_id: uuid.UUID) -> QuerySet[Upload]:
    """Return the imports of a study, newest first, without their problems and first rows."""
    uploads = Upload.objects.filter(study_id=study_id).order_by("-created_at", "id")
    return uploads.defer("problems", "first")


def upload_in(*, study_id: uuid.UUID, upload_id: uuid.UUID) -> Upload:
    """Return one import, or raise NotFound. The caller has checked the permission in the study."""
    uploads = Upload.objects.filter(study_id=study_id, id=upload_id).select_related("study")
    if (upload := uploads.first()) is None:
        raise NotFound(_("This import does not exist, or you do not have access to it."))
    return upload


def not_ended() -> list[uuid.UUID]:
    """Return ids of imports whose file is still needed."""
    return list(_open().values_list("id", flat=True))


def files_needed() -> list[Path]:
    """Return the paths of files of unfinished imports in all studies, for a backup."""
    return [path_of(upload=upload) for upload in _open().only("suffix").order_by("id")]


def path_of(*, upload: Upload) -> Path:
    """Return the path of the file, which is deleted when the import ends."""
    return Path(settings.UPLOADS_DIR) / f"{upload.id}{upload.suffix}"


def _open() -> QuerySet[Upload]:
    ended = [state for state in UploadState if not UPLOAD_STATES.table[state]]
    return Upload.objects.exclude(state__in=ended)


def unconfirmed() -> QuerySet[Upload]:
    """Return imports that were checked over a week ago and not confirmed or cancelled."""
    since = timezone.now() - UNCONFIRMED_AFTER
    return Upload.objects.filter(state=UploadState.CHECKED, checked_at__lt=since)


def job_of(*, upload: Upload) -> Job:
    """Return the job that checks the file or, after confirmation, imports it."""
    return job_about(kind=KIND, subject_id=upload.id)


def how_far(*, upload: Upload) -> Progress:
    """Return the progress of the check or the import."""
    return progress_of(job_of(upload=upload))


def percent(*, upload: Upload) -> int:
    """Return the percentage that is done; 100 only when the import is done."""
    if upload.state == UploadState.DONE:
        return 100
    return min(99, int(100 * (upload.progress.share or 0)))


def hash_of_columns(columns: Iterable[str]) -> str:
    """Return a SHA-256 in hex of the names of columns, in any order."""
    return hashlib.sha256("\x1e".join(sorted(columns)).encode(errors="surrogatepass")).hexdigest()


def remembered(*, study_id: uuid.UUID, columns: Iterable[str]) -> Options:
    """Return how the study imported a file with these columns the last time; empty if never."""
    mappings = ImportMapping.objects.filter(
        study_id=study_id, columns_hash=hash_of_columns(columns)
    )
    found = mappings.first()
    return (options_from(found.options) if found else None) or NO_OPTIONS
