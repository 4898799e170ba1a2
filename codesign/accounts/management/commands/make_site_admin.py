"""`manage.py make_site_admin EMAIL`: create the first account of an installation."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.forms import ValidationError

from codesign.accounts import queries, services
from codesign.shared.actors import SYSTEM


class Command(BaseCommand):
    """Creates the account without a password; its owner signs in with a code sent by mail."""

    help = "Create a site admin account. Its owner signs in with a code sent by mail."

    def add_arguments(self, parser: CommandParser) -> None:
        """EMAIL."""
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account. Raises CommandError if the address is taken."""
        email: str = options["email"]
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not a valid e-mail address.") from error
        if queries.is_taken(email):
            raise CommandError(f"There is already an account with the address {email}.")
        services.make_account(actor=SYSTEM, email=email, password=None, is_site_admin=True)
        self.stdout.write(
            f"Sign in as {email} with a code sent by mail (“Send me a code by e-mail”)."
        )
