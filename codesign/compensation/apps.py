"""Pay rates, promises, accounts, transfers, legs."""

from django.apps import AppConfig


class CompensationConfig(AppConfig):
    """Hears of signatures, so that what was promised is on record."""

    name = "codesign.compensation"
    label = "compensation"

    def ready(self) -> None:
        """Listen for signatures; say what is paid, and what was earned; offer a publish check."""
        from codesign.compensation import home_cards, publish_checks, receivers  # noqa: F401
