"""The timer that seals."""

from codesign.audit import services
from codesign.jobs.carrier import background


@background(name="audit.tasks.seal", queue="default", time_limit=60)
def seal() -> None:
    """Seal what is settled."""
    services.seal()
