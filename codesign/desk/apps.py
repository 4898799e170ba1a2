"""Pages without tables of their own."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Homes, study pages, demo study."""

    name = "codesign.desk"
    label = "desk"

    def ready(self) -> None:
        """Offer steps and cards for the homes."""
        from codesign.desk import home_cards, receivers  # noqa: F401
