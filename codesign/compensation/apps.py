"""Pay rates, promises, accounts, transfers, legs."""

from django.apps import AppConfig


class CompensationConfig(AppConfig):
    """Hears of signatures, so that what was promised is on record."""

    name = "codesign.compensation"
    label = "compensation"

    def ready(self) -> None:
        """Listen for signatures; say what it pays before one signs, and what was earned."""
        from codesign.compensation import cards, receivers  # noqa: F401
