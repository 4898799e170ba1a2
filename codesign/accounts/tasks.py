"""The outbox."""

from celery import shared_task

from codesign.accounts import services


@shared_task(name="accounts.tasks.send_mail", queue="default", time_limit=120)
def send_mail(mail_id: str) -> None:
    """Hand one mail to the mail server."""
    services.deliver(mail_id=mail_id)


@shared_task(name="accounts.tasks.ring_mail", queue="default", time_limit=60)
def ring_mail() -> None:
    """Ring for mails that wait."""
    services.ring_mail()
