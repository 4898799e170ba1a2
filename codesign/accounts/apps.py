"""Accounts, contact details, API tokens."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Sign-in itself is django-allauth's."""

    name = "codesign.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen for proven addresses."""
        from codesign.accounts import receivers  # noqa: F401
