"""Receivers: handover requests when an account is deactivated or reactivated."""

from typing import Any

from django.dispatch import receiver

from codesign.accounts.signals import account_switched
from codesign.desk.services import handover


@receiver(account_switched)
def end_handovers(*, active: bool, **_kwargs: Any) -> None:
    """End requests for studies whose coordinator can sign in again."""
    if active:
        handover.end_where_run()
