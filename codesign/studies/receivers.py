"""Receivers: telling studies when an account of their staff is deactivated or reactivated."""

from typing import Any

from django.dispatch import receiver

from codesign.accounts.models import User
from codesign.accounts.signals import account_switched
from codesign.shared.actors import Actor
from codesign.studies import services


@receiver(account_switched)
def tell_its_studies(*, actor: Actor, user: User, active: bool, **_kwargs: Any) -> None:
    """Record the change in the trail of every study that the person works on; mail its staff."""
    services.tell_of_account(actor=actor, user=user, active=active)
