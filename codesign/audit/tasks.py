"""The timer that seals."""

from celery import shared_task

from codesign.audit import services


@shared_task(name="audit.tasks.seal", queue="default", time_limit=60)
def seal() -> None:
    """Seal what is settled."""
    services.seal()
