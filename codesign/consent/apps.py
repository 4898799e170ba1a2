"""Consent versions, records, choices, withdrawals."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """Every change is in force at once, for tasks and for the next release."""

    name = "codesign.consent"
    label = "consent"

    def ready(self) -> None:
        """Offer steps and cards for the homes, and a publish check."""
        from codesign.consent import home_cards, publish_checks  # noqa: F401
