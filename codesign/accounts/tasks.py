"""The outbox; what sign-in forgets again."""

from codesign.accounts import services
from codesign.accounts.services import proofs
from codesign.jobs.carrier import background


@background(name="accounts.tasks.send_mail", queue="default", time_limit=120)
def send_mail(mail_id: str) -> None:
    """Hand one mail to the mail server."""
    services.deliver(mail_id=mail_id)


@background(name="accounts.tasks.ring_mail", queue="default", time_limit=60)
def ring_mail() -> None:
    """Ring for mails that wait."""
    services.ring_mail()


@background(name="accounts.tasks.forget", queue="default", time_limit=60)
def forget() -> None:
    """Drop tries to sign in that no longer count, and sessions that have ended."""
    services.forget_tries()
    services.forget_sessions()


@background(name="accounts.tasks.forget_unproven", queue="default", time_limit=60)
def forget_unproven() -> None:
    """Delete accounts whose address nobody proved within a day."""
    proofs.forget_unproven()
