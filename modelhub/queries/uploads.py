"""Reading imports that a worker does."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from codesign.shared.errors import NotFound
from codesign.shared.progress_rate import Pace, pace_of
from modelhub.models import Upload
from modelhub.rules.states import UPLOAD_STATES, UploadState

UNDER_WAY = (
    UploadState.QUEUED,
    UploadState.CHECKING,
    UploadState.CONFIRMED,
    UploadState.IMPORTING,
)
WAITING = (UploadState.QUEUED, UploadState.CONFIRMED)
STALE_AFTER = timedelta(minutes=3)
"""Without a sign of life, of which there is one about every second, also while prompts are tied."""

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


def stale() -> QuerySet[Upload]:
    """Files whose worker has given no sign of life."""
    return Upload.objects.filter(
        state__in=(UploadState.CHECKING, UploadState.IMPORTING),
        heartbeat_at__lt=timezone.now() - STALE_AFTER,
    )


def unconfirmed() -> QuerySet[Upload]:
    """Files that were looked through a week ago and that nobody said yes or no to."""
    return Upload.objects.filter(
        state=UploadState.CHECKED, heartbeat_at__lt=timezone.now() - UNCONFIRMED_AFTER
    )


def pace_of_rows(upload: Upload) -> Pace | None:
    """How fast it is read, by how it went until its worker was last heard of."""
    since, until = upload.started_at, upload.heartbeat_at
    return (
        pace_of(done=upload.rows, total=upload.total, since=since, until=until) if until else None
    )


def seconds_left(upload: Upload) -> float | None:
    """How long the reading may still take; None too while nobody knows how many rows there are."""
    pace = pace_of_rows(upload)
    return pace.left if pace and upload.total else None


def percent(upload: Upload) -> int:
    """How much of it is done; 100 once all of it is."""
    if upload.state == UploadState.DONE:
        return 100
    return min(99, 100 * upload.rows // upload.total) if upload.total else 0


def rows_a_second(upload: Upload) -> float | None:
    """Rows read in a second, since it began."""
    pace = pace_of_rows(upload)
    return pace.rate if pace else None
