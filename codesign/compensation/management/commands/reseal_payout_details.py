"""`manage.py reseal_payout_details`: encrypt payout details with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand

from codesign.compensation.services import payout_methods


class Command(BaseCommand):
    """For after a change of `SECRET_KEY`, before the old key leaves `SECRET_KEY_FALLBACKS`."""

    help = "Encrypt how people are paid with the current SECRET_KEY, where an earlier key did it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Reseal, and say how many could not be read."""
        done, unreadable = payout_methods.reseal()
        self.stdout.write(f"Resealed: {done}. Not readable with any key: {unreadable}.")
