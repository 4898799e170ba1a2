"""Accounts, contact details, API tokens."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """django-allauth does the sign-in itself."""

    name = "codesign.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Connect the receivers."""
        from codesign.accounts import receivers  # noqa: F401
