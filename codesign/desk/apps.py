"""An app of pages, without tables."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Home pages, study pages, demo study."""

    name = "codesign.desk"
    label = "desk"

    def ready(self) -> None:
        """Register steps, cards and receivers."""
        from codesign.desk import home_cards, receivers  # noqa: F401
