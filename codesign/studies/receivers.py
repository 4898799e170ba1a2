"""What studies do when an account is stopped or opened."""

from typing import Any

from django.dispatch import receiver

from codesign.accounts.models import User
from codesign.accounts.signals import account_switched
from codesign.shared.actors import Actor
from codesign.studies import services


@receiver(account_switched)
def tell_its_studies(*, actor: Actor, user: User, active: bool, **_: Any) -> None:
    """The trail of every study that they work on holds it, and its staff are told."""
    services.tell_of_account(actor=actor, user=user, active=active)
