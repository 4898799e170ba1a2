"""`manage.py demo_study`: what every start of the demo calls."""

from typing import Any

from django.core.management.base import BaseCommand

from codesign.desk.services.demo import prepare_demo


class Command(BaseCommand):
    """Makes the demo study once, renews its API tokens, writes the file of sign-ins."""

    help = "Make the demo study where it is missing, and write its sign-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, and say where the sign-ins stand."""
        self.stdout.write(f"The demo's sign-ins are in {prepare_demo()}.")
