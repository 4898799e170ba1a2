"""`manage.py demo_study`: prepare the demo study. Runs at every start of the demo."""

from typing import Any

from django.core.management.base import BaseCommand

from codesign.desk.services.demo import prepare_demo


class Command(BaseCommand):
    """Creates the demo study once, renews its API tokens and writes the file of sign-ins."""

    help = "Create the demo study if it is missing, and write its sign-ins to a file."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare the demo study and print where the sign-ins are."""
        self.stdout.write(f"The sign-ins of the demo study are in {prepare_demo()}.")
