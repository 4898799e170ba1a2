"""Consent versions, records, choices, withdrawals."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """Every change takes effect immediately, for tasks and for the next release."""

    name = "codesign.consent"
    label = "consent"

    def ready(self) -> None:
        """Register steps and cards for home pages, and the publish check."""
        from codesign.consent import home_cards, publish_checks  # noqa: F401
