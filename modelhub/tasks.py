"""Celery tasks of models."""

from codesign.jobs.carrier import background
from codesign.jobs.tasks import carried
from modelhub.services import chunks, model_checks, training_process, uploads

generate_chunk = carried(chunks.KIND)
check_model = carried(model_checks.KIND)
train = carried(training_process.KIND)
read_upload = carried(uploads.KIND)


@background(name="modelhub.tasks.ring_uploads", queue="default", time_limit=60)
def clear_uploads() -> None:
    """Delete files that were left by a crash."""
    uploads.clear_orphans()


@background(name="modelhub.tasks.drop_uploads", queue="default", time_limit=60)
def drop_uploads() -> None:
    """Delete files that nobody confirmed."""
    uploads.drop_unconfirmed()
