"""The outbox; what sign-in forgets again."""

from codesign.accounts import services
from codesign.accounts.services import outbox, proofs
from codesign.jobs.carrier import background
from codesign.jobs.tasks import carried

send_mail = carried(outbox.KIND)


@background(name="accounts.tasks.forget", queue="default", time_limit=60)
def forget() -> None:
    """Drop tries to sign in that no longer count, and sessions that have ended."""
    services.forget_tries()
    services.forget_sessions()


@background(name="accounts.tasks.forget_unproven", queue="default", time_limit=60)
def forget_unproven() -> None:
    """Delete accounts whose address nobody proved within a day."""
    proofs.forget_unproven()
