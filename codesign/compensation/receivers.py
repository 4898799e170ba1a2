"""What pay does when somebody signs."""

from typing import Any

from django.dispatch import receiver

from codesign.compensation import services
from codesign.consent.signals import consent_signed
from codesign.studies.models import Member


@receiver(consent_signed)
def keep_promise_on_record(*, member: Member, **_: Any) -> None:
    """What the consent page said about pay is what was promised."""
    services.promise(member=member)
