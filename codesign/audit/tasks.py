"""The task that seals events, run by a timer."""

from codesign.audit import services
from codesign.jobs.carrier import background


@background(name="audit.tasks.seal", queue="default", time_limit=60)
def seal() -> None:
    """Seal settled events."""
    services.seal()
