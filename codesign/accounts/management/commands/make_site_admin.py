"""`manage.py make_site_admin EMAIL`: the first account of an installation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.forms import ValidationError

from codesign.accounts import queries, services
from codesign.shared.actors import SYSTEM


class Command(BaseCommand):
    """Makes it without a password: its owner signs in by a code that comes by mail."""

    help = "Make an account that manages accounts; its owner signs in by a code sent by mail."

    def add_arguments(self, parser: CommandParser) -> None:
        """EMAIL."""
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, unless the address is taken."""
        email: str = options["email"]
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is no e-mail address.") from error
        if queries.is_taken(email):
            raise CommandError(f"There is an account with {email} already.")
        services.make_account(actor=SYSTEM, email=email, password=None, is_site_admin=True)
        self.stdout.write(f"Sign in as {email} with a code by mail (“Send me a code by e-mail”).")
